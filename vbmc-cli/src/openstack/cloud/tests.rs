//! What the user chose, in all the ways there are to say it.

use super::*;

const CLOUDS: &str = r#"
clouds:
  lab:
    auth_type: password
    region_name: RegionOne
    interface: internal
    cacert: /etc/lab.pem
    auth:
      auth_url: http://192.0.2.1:5000
      username: admin
      project_name: admin
      user_domain_name: Default
      project_domain_name: Default
  lab-system:
    auth:
      auth_url: https://192.0.2.1/identity/v3/
      user_id: 7e3a
      password: 123456
      system_scope: all
    verify: false
  robot:
    auth_type: v3applicationcredential
    auth:
      auth_url: http://192.0.2.1:5000/v2.0
      application_credential_id: 12ab
      application_credential_secret: hidden
    image_endpoint_override: http://192.0.2.1:9292
  alone:
    auth_type: none
    baremetal_endpoint_override: http://192.0.2.1:6385
  basic:
    auth_type: http_basic
    auth:
      endpoint: http://192.0.2.1:6385
      username: admin
      password: hidden
  forgetful:
    auth:
      auth_url: http://192.0.2.1:5000
      username: admin
"#;

const SECURE: &str = "
clouds:
  lab:
    auth:
      password: hidden
";

/// A directory with these files, and variables.
fn around(files: &[(&str, &str)], variables: &[(&str, &str)]) -> (Surroundings, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    let around = Surroundings {
        variables: variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        directories: vec![
            directory.path().join("nothing"),
            directory.path().to_owned(),
        ],
    };
    (around, directory)
}

fn of_file(cloud: &str) -> Cloud {
    let files = [("clouds.yaml", CLOUDS), ("secure.yaml", SECURE)];
    let (around, _directory) = around(&files, &[("OS_CLOUD", cloud)]);
    resolve(&Choice::default(), &around).unwrap()
}

fn of_variables(variables: &[(&str, &str)]) -> Result<Cloud, CloudError> {
    resolve(&Choice::default(), &around(&[], variables).0)
}

fn keystone(cloud: &Cloud) -> &KeystoneLogin {
    match &cloud.login {
        Login::Keystone(login) => login,
        other => panic!("{other:?}"),
    }
}

fn named(name: &str, domain: Domain) -> Principal {
    Principal::Named {
        name: name.to_owned(),
        domain,
    }
}

#[test]
fn a_password_may_be_in_the_file_for_secrets() {
    let cloud = of_file("lab");
    let login = keystone(&cloud);
    assert_eq!(login.url.as_str(), "http://192.0.2.1:5000/v3");
    let default = Domain::Name("Default".to_owned());
    let Proof::Password { user, password } = &login.proof else {
        panic!("{:?}", login.proof);
    };
    assert_eq!(user, &named("admin", default.clone()));
    assert_eq!(password.reveal(), "hidden");
    assert_eq!(login.scope, Scope::Project(named("admin", default)));
    assert_eq!(cloud.region.as_deref(), Some("RegionOne"));
    assert_eq!(cloud.interface, Interface::Internal);
    assert_eq!(
        cloud.trust.cacert.as_deref(),
        Some(Path::new("/etc/lab.pem"))
    );
}

#[test]
fn the_system_can_be_the_scope() {
    let cloud = of_file("lab-system");
    let login = keystone(&cloud);
    assert_eq!(login.url.as_str(), "https://192.0.2.1/identity/v3");
    assert_eq!(login.scope, Scope::System);
    let Proof::Password { user, password } = &login.proof else {
        panic!("{:?}", login.proof);
    };
    assert_eq!(user, &Principal::Id("7e3a".to_owned()));
    assert_eq!(password.reveal(), "123456", "YAML takes it for a number");
    assert!(cloud.trust.anybody);
}

#[test]
fn an_application_credential_brings_its_scope() {
    let cloud = of_file("robot");
    let login = keystone(&cloud);
    assert_eq!(login.url.as_str(), "http://192.0.2.1:5000/v3");
    assert_eq!(login.scope, Scope::Implied);
    let Proof::ApplicationCredential { id, secret } = &login.proof else {
        panic!("{:?}", login.proof);
    };
    assert_eq!((id, secret.reveal()), (&Ok("12ab".to_owned()), "hidden"));
    let image = &cloud.endpoints[&Service::Image];
    assert_eq!(image.as_str(), "http://192.0.2.1:9292/");
}

#[test]
fn ironic_can_be_alone() {
    let cloud = of_file("alone");
    assert!(matches!(cloud.login, Login::Nobody));
    assert!(cloud.endpoints.contains_key(&Service::Baremetal));
    let cloud = of_file("basic");
    let Login::Basic { username, password } = &cloud.login else {
        panic!("{:?}", cloud.login);
    };
    assert_eq!((username.as_str(), password.reveal()), ("admin", "hidden"));
}

#[test]
fn variables_say_the_same() {
    let cloud = of_variables(&[
        ("OS_AUTH_URL", "http://192.0.2.1:5000/v3"),
        ("OS_USERNAME", "admin"),
        ("OS_PASSWORD", "hidden"),
        ("OS_PROJECT_NAME", "admin"),
        ("OS_REGION_NAME", "RegionOne"),
        ("OS_BAREMETAL_ENDPOINT_OVERRIDE", "http://192.0.2.1:6385"),
        ("OS_INSECURE", "true"),
        ("OS_CACERT", ""),
    ])
    .unwrap();
    let default = Domain::Id("default".to_owned());
    let scope = Scope::Project(named("admin", default));
    assert_eq!(keystone(&cloud).scope, scope);
    assert!(cloud.endpoints.contains_key(&Service::Baremetal));
    assert_eq!((cloud.trust.anybody, cloud.trust.cacert), (true, None));

    let cloud = of_variables(&[
        ("OS_AUTH_TYPE", "http_basic"),
        ("OS_ENDPOINT", "http://192.0.2.1:6385"),
        ("OS_USERNAME", "admin"),
        ("OS_PASSWORD", "hidden"),
    ]);
    assert!(matches!(cloud.unwrap().login, Login::Basic { .. }));
    let cloud = of_variables(&[("OS_ENDPOINT", "http://192.0.2.1:6385")]);
    assert!(matches!(cloud.unwrap().login, Login::Nobody));
}

#[test]
fn what_is_chosen_wins_over_what_is_around() {
    let files = [("clouds.yaml", CLOUDS), ("secure.yaml", SECURE)];
    let (around, _directory) = around(&files, &[("OS_CLOUD", "robot")]);
    let choice = Choice {
        endpoint: Some(Url::parse("http://admin:hid%40den@192.0.2.9:6385").unwrap()),
        ..Choice::default()
    };
    let cloud = resolve(&choice, &around).unwrap();
    let Login::Basic { password, .. } = &cloud.login else {
        panic!("{:?}", cloud.login);
    };
    assert_eq!(password.reveal(), "hid@den");
    let endpoint = &cloud.endpoints[&Service::Baremetal];
    assert_eq!(endpoint.as_str(), "http://192.0.2.9:6385/");
    let choice = Choice {
        cloud: Some("alone".to_owned()),
        cacert: Some(PathBuf::from("/lab.pem")),
        ..Choice::default()
    };
    let cloud = resolve(&choice, &around).unwrap();
    assert!(matches!(cloud.login, Login::Nobody));
    assert_eq!(cloud.trust.cacert, Some(PathBuf::from("/lab.pem")));
}

#[test]
fn the_only_cloud_needs_no_choice() {
    let one = "clouds: { lab: { auth_type: none, endpoint: 'http://192.0.2.1:6385' } }";
    let (around_one, _directory) = around(&[("clouds.yml", one)], &[]);
    let cloud = resolve(&Choice::default(), &around_one).unwrap();
    assert!(matches!(cloud.login, Login::Nobody));
    let (many, _directory) = around(&[("clouds.yaml", CLOUDS)], &[]);
    let error = resolve(&Choice::default(), &many).unwrap_err();
    assert!(matches!(error, CloudError::NothingChosen), "{error:?}");
}

#[test]
fn errors_name_the_file_and_the_key() {
    let (around, directory) = around(&[("clouds.yaml", CLOUDS)], &[]);
    let file = directory.path().join("clouds.yaml");
    let error = |cloud: &str| {
        let choice = Choice {
            cloud: Some(cloud.to_owned()),
            ..Choice::default()
        };
        resolve(&choice, &around).unwrap_err().to_string()
    };
    assert_eq!(
        error("forgetful"),
        format!(
            "auth.password of cloud forgetful in {} is missing: it proves who you are",
            file.display()
        )
    );
    assert_eq!(
        error("nowhere"),
        format!(
            "{} has no cloud nowhere; it has alone, basic, forgetful, lab, lab-system, robot",
            file.display()
        )
    );
    let error = of_variables(&[("OS_AUTH_URL", "192.0.2.1"), ("OS_USERNAME", "admin")]);
    assert_eq!(
        error.unwrap_err().to_string(),
        "OS_PASSWORD is missing: it proves who you are"
    );
    let error = of_variables(&[("OS_ENDPOINT", "ftp://admin:hidden@192.0.2.1")]);
    assert_eq!(
        error.unwrap_err().to_string(),
        "OS_ENDPOINT is not usable: ftp: is neither http: nor https:"
    );
    let error = of_variables(&[("OS_CLOUD", "lab")])
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("cloud lab is chosen, and there is no clouds.yaml; looked for "));
}

#[test]
fn a_file_that_is_malformed_is_not_quoted() {
    let broken = "clouds:\n  lab:\n    auth:\n      password: hidden: here\n";
    let (around, _directory) = around(&[("clouds.yaml", broken)], &[("OS_CLOUD", "lab")]);
    let error = resolve(&Choice::default(), &around)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("clouds.yaml") && error.contains("line 4"),
        "{error}"
    );
    assert!(!error.contains("hidden"), "{error}");
}

#[test]
fn nothing_shows_a_secret() {
    for cloud in ["lab", "robot", "basic"] {
        let shown = format!("{:?}", of_file(cloud));
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
