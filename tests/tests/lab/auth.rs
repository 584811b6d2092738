//! Clouds that ask who it is: http_basic, and Keystone with Glance.

use std::fs;
use std::time::Duration;

use vbmc_tests::lab::{IRONIC, OpenStack, Site};

/// How long Keystone's tokens last: far longer than Ironic takes to do what it was asked for with one.
const EXPIRATION: Duration = Duration::from_secs(60);

#[test]
fn http_basic() {
    let mut site = Site::start_with(&["controller"], &["--auth", "http_basic"], "");
    site.answer("controller");
    let file = site.ironic.password_file();
    let login = format!(
        "username = \"admin\"\npassword_file = \"{}\"\n",
        file.display()
    );
    let toml = site.lab().read("lab.toml");

    let said = site.vbmc(["nodes"]).outcome().fails_with(1);
    assert!(
        said.contains("401") || said.contains("log in") || said.contains("password"),
        "{said}"
    );

    site.lab().write(
        "lab.toml",
        toml.replace("[ironic]\n", &format!("[ironic]\n{login}")),
    );
    let said = site.vbmc(["introspect"]).outcome().ok();
    assert_eq!(
        site.ironic.field("controller", "provision_state"),
        "available"
    );
    assert!(!said.contains(&site.ironic.password()));

    // Without a word of it in lab.toml, by the variables that all of OpenStack's commands take.
    site.lab().write(
        "lab.toml",
        toml.replace(&format!("endpoint = \"{}\"", site.ironic.url()), ""),
    );
    site.vbmc(["nodes"])
        .env("OS_AUTH_TYPE", "http_basic")
        .env("OS_ENDPOINT", site.ironic.url())
        .env("OS_USERNAME", "admin")
        .env("OS_PASSWORD", site.ironic.password())
        .outcome()
        .says("controller");
}

#[test]
fn keystone_and_glance() {
    let mut site = Site::start_with(&["controller"], &[], IRONIC);
    let place = site.libvirtd().place();
    let openstack = OpenStack::start(place, site.libvirtd().dir(), EXPIRATION);
    site.ironic.authorize(OpenStack::system_scope());
    let config = site.daemon.home().path().join(".config/openstack");
    fs::create_dir_all(&config).expect("~/.config/openstack");
    fs::write(config.join("clouds.yaml"), OpenStack::clouds_yaml()).expect("clouds.yaml");
    let lab = site.lab();
    for (name, text) in [("agent.kernel", "kernel"), ("agent.initramfs", "ramdisk")] {
        lab.write(&format!("images/{name}"), text);
    }
    lab.write(
        "lab.toml",
        r#"name = "site"

[images]
publish = "glance"

[[image]]
name = "agent"
role = "deploy"
kernel = { path = "images/agent.kernel" }
ramdisk = { path = "images/agent.initramfs" }

[introspection]
inventory = "nodes.yaml"
timeout = 300
"#,
    );
    let vbmc = |cloud: &str, args: &[&str]| site.vbmc(args.iter().copied()).env("OS_CLOUD", cloud);

    // Glance: made, then up to date, then replaced where a file has changed.
    let images = || {
        let list = [
            "image", "list", "-f", "value", "-c", "Name", "--sort", "name",
        ];
        openstack.openstack(list).ok()
    };
    let _ = vbmc("project", &["prepare"]).outcome().ok();
    let first = images();
    assert_eq!(first.lines().count(), 2, "{first}");
    let again = vbmc("project", &["prepare"]).outcome().ok();
    assert!(again.contains("up to date"), "{again}");
    assert_eq!(images(), first);
    lab.write("images/agent.initramfs", "another ramdisk");
    let _ = vbmc("project", &["prepare"]).outcome().ok();
    let third = images();
    assert_eq!(third.lines().count(), 3, "the old one is kept: {third}");

    // Who has the scope of a project sees no nodes but its own, and is told so.
    let said = vbmc("project", &["nodes"]).outcome().said();
    assert!(
        said.contains("system"),
        "it should warn of the scope: {said}"
    );

    // Its ramdisk takes longer than a token lasts.
    let run = vbmc("project", &["introspect"]).start();
    site.ironic.wait_for_state("controller", "inspect wait");
    openstack.outlast_tokens();
    site.answer("controller");
    let _ = run.outcome().ok();
    assert_eq!(
        site.ironic.field("controller", "provision_state"),
        "available"
    );

    for cloud in ["project", "system"] {
        let run = site.vbmc(["nodes"]).env("OS_CLOUD", cloud);
        run.outcome().says("controller");
    }
    let mut run = site.vbmc(["nodes"]);
    for (key, value) in OpenStack::system_scope() {
        run = run.env(key, value);
    }
    run.outcome().says("controller");
    drop(openstack);
}
