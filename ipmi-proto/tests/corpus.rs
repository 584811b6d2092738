//! The stored inputs of the fuzz targets, run as an ordinary test: what was found once stays found.

mod fuzzing;

use std::fs;
use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let inputs = fs::read_dir(&corpus)
        .unwrap_or_else(|error| panic!("{} is part of the repository: {error}", corpus.display()));
    let mut count = 0;
    for input in inputs {
        let path = input.expect("a directory entry").path();
        eprintln!("{}", path.display());
        run(&fs::read(&path).expect("a readable file"));
        count += 1;
    }
    assert_ne!(count, 0, "{} is empty", corpus.display());
}

#[test]
fn datagram() {
    replay("datagram", fuzzing::datagram::run);
}

#[test]
fn handshake() {
    replay("handshake", fuzzing::handshake::run);
}

#[test]
fn console() {
    replay("console", fuzzing::console::run);
}

#[test]
fn roundtrip() {
    replay("roundtrip", fuzzing::roundtrip::run);
}

#[test]
fn sol() {
    replay("sol", fuzzing::sol::run);
}

#[test]
fn v15() {
    replay("v15", fuzzing::v15::run);
}
