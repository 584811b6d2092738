//! Small files that are there as a whole or not at all, whenever a run ends.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

/// Replaces a file, for its owner's eyes only, and makes the directory that it is in. One writer at a time: what is half
/// written has always the same name, so that the next one replaces what one left that was killed.
pub(super) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = format!(".{name}.part");
    fs::create_dir_all(directory)?;
    match fs::remove_file(directory.join(&part)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Only its owner may read a temporary file, and renaming keeps that.
    let mut file = tempfile::Builder::new()
        .prefix(&part)
        .rand_bytes(0)
        .tempfile_in(directory)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_stays_of_a_writer_that_was_killed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/a.json");
        write(&path, b"one").unwrap();
        fs::write(dir.path().join("new/.a.json.part"), "half of").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path().join("new")).unwrap().count(), 1);
    }
}
