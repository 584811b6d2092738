//! Labs as people write them, and what is said of their mistakes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::*;

/// A lab of these files.
fn lab(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::Builder::new().prefix("lab").tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    dir
}

fn load(files: &[(&str, &str)]) -> Lab {
    Lab::load(lab(files).path()).unwrap()
}

/// What is said of a lab with this lab.toml and the domain `web`.
fn problems(toml: &str) -> String {
    let files = [
        ("lab.toml", toml),
        ("domains/web/domain.xml", "<domain/>"),
        ("secret", "hunter2\n"),
        ("long", "hunter2hunter2hunter2"),
    ];
    format!("{:#}", Lab::load(lab(&files).path()).unwrap_err())
}

const WEB: &str = "[bmcs]\npassword_file = \"secret\"\n[domains.web]\nport = 6230\n";

#[test]
fn an_empty_lab_has_every_default() {
    let dir = lab(&[("lab.toml", "")]);
    let lab = Lab::load(dir.path()).unwrap();
    assert_eq!(lab.dir, dir.path());
    assert_eq!(lab.name, dir.path().file_name().unwrap().to_str().unwrap());
    assert_eq!(lab.workspace, dir.path().join("workspace"));
    assert_eq!(lab.results, dir.path().join("workspace/results"));
    assert_eq!(lab.images.directory, dir.path().join("workspace/images"));
    assert_eq!(
        lab.variables.expand("$IMAGES").unwrap(),
        "/var/lib/libvirt/images"
    );
    assert_eq!(lab.images.publish, Publish::None);
    assert!(lab.images.in_driver_info);
    assert_eq!(lab.cloud.patience, Duration::from_secs(300));
    assert_eq!(lab.introspection.inventory, None);
    assert!(lab.introspection.provide && !lab.introspection.clean);
    assert_eq!(
        (
            lab.introspection.concurrency,
            lab.introspection.attempts,
            lab.introspection.timeout
        ),
        (20, 2, Duration::from_secs(1200))
    );
    assert!(lab.domains.is_empty() && lab.networks.is_empty() && lab.warnings.is_empty());
}

#[test]
fn a_domain_for_virt_install_is_read_as_it_is() {
    let lab = load(&[
        (
            "lab.toml",
            "[libvirt]\ndisks = \"disks\"\n[bmcs]\npassword_file = \"secret\"\n[domains.openstack-controller]\nport = 6230\n",
        ),
        ("secret", "hunter2\n"),
        ("networks/provisioning.xml", "<network/>"),
        (
            "domains/openstack-controller/images",
            "# the system\n$IMAGES/$NAME.qcow2=80G\n",
        ),
        (
            "domains/openstack-controller/virt-install.arguments",
            "--vcpus 4\n",
        ),
    ]);
    let domain = &lab.domains["openstack-controller"];
    assert_eq!(
        domain.disks,
        [DiskConfig {
            path: lab.dir.join("disks/openstack-controller.qcow2"),
            size: 80 << 30,
        }]
    );
    assert_eq!(
        domain.description,
        Description::VirtInstall(
            lab.dir
                .join("domains/openstack-controller/virt-install.arguments")
        )
    );
    assert!(domain.autostart && !domain.uefi);
    let bmc = domain.bmc.as_ref().unwrap();
    assert_eq!((bmc.listen.as_str(), bmc.port), ("::", 6230));
    assert_eq!(
        (bmc.username.as_str(), bmc.password.reveal()),
        ("admin", "hunter2")
    );
    assert_eq!(
        lab.networks["provisioning"],
        lab.dir.join("networks/provisioning.xml")
    );
}

#[test]
fn images_say_where_each_file_comes_from() {
    let digest = "AB".repeat(32);
    let lab = load(&[
        (
            "lab.toml",
            &format!(
                r#"
                [images]
                publish = "http"
                http_root = "web"
                http_url = "http://192.0.2.1:8080/"
                deploy_images = "conductor"

                [[image]]
                name = "ironic-python-agent"
                build = "./recipe 'two words' $LAB"
                kernel = "ipa.kernel"
                ramdisk = {{ url = "https://images.example/ipa.initramfs", sha256 = "{digest}" }}

                [[image]]
                name = "overcloud-full"
                disk = {{ path = "made/overcloud-full.qcow2", file = "full.qcow2" }}
                "#
            ),
        ),
        ("recipe", ""),
    ]);
    let images = &lab.images;
    assert!(!images.in_driver_info);
    assert!(matches!(&images.publish, Publish::Http { directory, url }
            if *directory == lab.dir.join("web") && url.as_str() == "http://192.0.2.1:8080/"));
    let [ipa, full] = &*images.images else {
        panic!("{images:?}")
    };
    assert_eq!((ipa.role, full.role), (Role::Deploy, Role::Instance));
    assert_eq!(
        ipa.build.as_deref().unwrap(),
        [
            lab.dir.join("recipe").to_str().unwrap(),
            "two words",
            lab.dir.to_str().unwrap()
        ]
    );
    let ramdisk = ipa.ramdisk.as_ref().unwrap();
    assert_eq!(ramdisk.name, "ipa.initramfs");
    assert_eq!(
        ramdisk.checksum,
        Some(ExpectedChecksum::Known(Checksum {
            algorithm: Algorithm::Sha256,
            digest: digest.to_lowercase(),
        }))
    );
    let disk = full.disk.as_ref().unwrap();
    assert_eq!(disk.name, "full.qcow2");
    assert_eq!(
        disk.source,
        Some(Source::Path(lab.dir.join("made/overcloud-full.qcow2")))
    );
}

#[test]
fn mistakes_in_the_form_name_line_and_key_and_what_is_allowed() {
    for (toml, expected) in [
        (
            "[ironic]\nendpiont = \"x\"",
            "lab.toml:2: unknown key `endpiont`, expected one of `cloud`, `endpoint`",
        ),
        (
            "\n[domains.web]\nport = \"many\"",
            "lab.toml:3: port: invalid type: string \"many\", expected a number from 1 to 65535",
        ),
        (
            "[domains.web]\nport = 70000",
            "lab.toml:2: port: invalid value",
        ),
        (
            "[images]\npublish = \"ftp\"",
            "lab.toml:2: publish: unknown value `ftp`, expected one of `glance`, `http`, `file`, `none`",
        ),
        ("[images\n", "lab.toml:1: "),
        (
            "[[image]]\nname = \"x\"\nkernel = 3",
            "lab.toml:3: kernel: invalid type: integer `3`, expected a file's name, or a table",
        ),
    ] {
        let text = problems(toml);
        assert!(text.starts_with(expected), "{toml}: {text}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let text = problems(
        "name = \"my lab\"\n[ironic]\nendpoint = \"ironic:6385\"\npatience = 0\n[domains.wbe]\nport = 1\n\
         [variables]\n\"a-b\" = 1",
    );
    for expected in [
        "6 problems:\n",
        "\n  lab.toml:1: name: \"my lab\" cannot be a lab's name",
        "\n  lab.toml:3: ironic.endpoint: \"ironic:6385\" must begin with http:// or https://",
        "\n  lab.toml:4: ironic.patience: must be 1 or more",
        "\n  lab.toml:5: domains.wbe: there is no such domain in domains/, only web",
        "\n  lab.toml: the BMC of the domain web needs a port: [domains.web] port = 6230, or bmc = false for none",
        "\n  lab.toml:8: variables: \"a-b\" cannot be a variable's name",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in: {text}");
    }
}

#[test]
fn mistakes_in_the_meaning_name_their_place() {
    for (toml, expected) in [
        (
            "[ironic]\nendpoint = \"$NO_SUCH_ENDPOINT\"",
            "lab.toml:2: ironic.endpoint: $NO_SUCH_ENDPOINT is not defined",
        ),
        (
            "[ironic]\ncloud = \"a\"\nendpoint = \"http://a\"",
            "lab.toml:2: ironic.cloud: cloud and endpoint exclude each other",
        ),
        (
            "[ironic]\nendpoint = \"http://a\"\nusername = \"u\"",
            "lab.toml:3: ironic.username: needs a password_file",
        ),
        (
            "[introspection]\ninventory = \"gone.yaml\"",
            "lab.toml:2: introspection.inventory: ",
        ),
        (
            "[images]\nfile_root = \"x\"",
            "lab.toml:2: images.file_root: counts with publish = \"file\" alone",
        ),
        (
            "[images]\npublish = \"http\"",
            "lab.toml: images: publish = \"http\" needs http_root",
        ),
        (
            "[images]\npublish = \"none\"\n[[image]]\nname = \"x\"\ndisk = \"x.qcow2\"",
            "lab.toml:5: image.disk: \"x.qcow2\" comes from nowhere",
        ),
        (
            "[images]\npublish = \"none\"\n[[image]]\nname = \"x\"\nrole = \"deploy\"\ndisk = { path = \"x\" }",
            "lab.toml:4: image: nodes boot it from a kernel and a ramdisk",
        ),
        (
            "[images]\npublish = \"none\"\n[[image]]\nname = \"x\"\ndisk = { path = \"x\", md5 = \"xyz\" }",
            "lab.toml:5: image.disk: md5 is 32 hexadecimal digits",
        ),
    ] {
        let text = problems(&format!("{toml}\n{WEB}"));
        assert!(text.starts_with(expected), "{toml}: {text}");
    }
}

#[test]
fn bmcs_must_be_ones_that_ipmi_can_reach() {
    for (toml, expected) in [
        (
            "[domains.web]\nport = 6230".to_owned(),
            "lab.toml: bmcs: the BMCs need a password",
        ),
        (
            WEB.replace("\"secret\"", "\"long\""),
            "lab.toml:2: bmcs.password: is 21 bytes long; IPMI allows 20 at most",
        ),
        (
            WEB.replace("[bmcs]", "[bmcs]\nusername = \"seventeen-letters\""),
            "lab.toml:2: bmcs.username: is 17 bytes long; IPMI allows 16 at most",
        ),
        (
            WEB.replace("[bmcs]", "[bmcs]\nlisten = \"localhost\""),
            "lab.toml:2: bmcs.listen: \"localhost\" is not an IP address",
        ),
        (
            WEB.replace("6230", "0"),
            "lab.toml:4: domains.web.port: must be 1 to 65535",
        ),
        (
            WEB.replace("6230", "6230\nbmc = false"),
            "lab.toml:4: domains.web.port: bmc = false",
        ),
        (
            WEB.replace("[bmcs]", "[bmcs]\npassword = \"hunter2\""),
            "lab.toml:2: bmcs.password: there is a password_file too",
        ),
        (
            WEB.replace("6230", "6230\ndisks = [\"$IMAGES/$NAME.qcow2=80X\"]"),
            "lab.toml:5: domains.web.disks: \"80X\" is not a size",
        ),
        (
            WEB.replace("6230", "6230\ndisks = [\"x=base,10G\"]"),
            "lab.toml:5: domains.web.disks: \"base,10G\" makes a disk with an operating system",
        ),
    ] {
        let text = problems(&toml);
        assert!(text.starts_with(expected), "{toml}: {text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn two_domains_cannot_share_a_port() {
    let files = [
        (
            "lab.toml",
            "[bmcs]\npassword = \"x\"\n[domains.a]\nport = 1\n[domains.b]\nport = 1\n",
        ),
        ("domains/a/domain.xml", ""),
        ("domains/b/virt-install.arguments", ""),
        ("domains/c/notes", ""),
    ];
    let text = format!("{:#}", Lab::load(lab(&files).path()).unwrap_err());
    assert!(
        text.contains(
            "lab.toml:6: domains.b.port: 1 is the port of the domain a already, in line 4"
        ),
        "{text}"
    );
    assert!(
        text.contains("domains/c: needs a domain.xml, or a virt-install.arguments"),
        "{text}"
    );
    assert!(text.contains("[domains.c] port = 6230"), "{text}");
}

#[test]
fn a_password_that_others_may_read_is_warned_of_and_never_shown() {
    let dir = lab(&[
        (
            "lab.toml",
            &WEB.replace(
                "[domains",
                "[variables]\nA_PASSWORD = \"hunter3\"\n[domains",
            ),
        ),
        ("domains/web/domain.xml", ""),
        ("secret", "hunter2"),
    ]);
    assert!(Lab::load(dir.path()).unwrap().warnings.is_empty());
    let secret = dir.path().join("secret");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).unwrap();
    let lab = Lab::load(dir.path()).unwrap();
    let [warning] = &*lab.warnings else {
        panic!("{:?}", lab.warnings)
    };
    assert!(warning.contains("(mode 640): chmod 600"), "{warning}");
    assert!(!format!("{lab:?}").contains("hunter"), "{lab:?}");
    let text = problems("[bmcs]\npassword = 12345678");
    assert!(
        text.contains("lab.toml:2: password: a password is a string") && !text.contains("1234"),
        "{text}"
    );
}

#[test]
fn the_inventory_is_found_under_its_usual_names() {
    let lab = load(&[("lab.toml", ""), ("instackenv.json", "{}")]);
    assert_eq!(
        lab.introspection.inventory,
        Some(lab.dir.join("instackenv.json"))
    );
    let files = [("lab.toml", ""), ("nodes.yaml", ""), ("baremetal.json", "")];
    let text = Lab::load(self::lab(&files).path()).unwrap_err().to_string();
    assert!(
        text.contains("nodes.yaml and baremetal.json may both be the inventory"),
        "{text}"
    );
    let lab = self::lab(&[("lab.toml", ""), ("nodes.yaml/x", "")]);
    let text = Lab::load(lab.path()).unwrap_err().to_string();
    assert!(
        text.contains("nodes.yaml would be the inventory, but is a directory"),
        "{text}"
    );
}

#[test]
fn a_directory_without_lab_toml_is_told_from_a_lab() {
    let text = Lab::load(lab(&[]).path()).unwrap_err().to_string();
    assert!(
        text.contains("is no lab") && text.contains("vbmc lab init"),
        "{text}"
    );
}
