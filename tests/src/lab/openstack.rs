//! A real Keystone and a real Glance.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::lab::environment;
use crate::place::Place;
use crate::run::{Outcome, Run};
use crate::wait_for;

const START: Duration = Duration::from_secs(240);
const ADDRESS: &str = "127.0.0.1";

/// Settings for an Ironic that belongs to it.
pub const IRONIC: &str = "
[DEFAULT]
auth_strategy = keystone
[keystone_authtoken]
www_authenticate_uri = http://127.0.0.1:5000/v3
auth_url = http://127.0.0.1:5000/v3
auth_type = password
username = ironic
password = secret
project_name = service
user_domain_name = Default
project_domain_name = Default
[service_catalog]
auth_url = http://127.0.0.1:5000/v3
auth_type = password
username = ironic
password = secret
project_name = service
user_domain_name = Default
project_domain_name = Default
region_name = RegionOne
[glance]
auth_url = http://127.0.0.1:5000/v3
auth_type = password
username = ironic
password = secret
project_name = service
user_domain_name = Default
project_domain_name = Default
region_name = RegionOne
endpoint_override = http://127.0.0.1:9292
";

/// Both, running, with the endpoint of an Ironic in their catalog: that of [`crate::lab::Ironic::start_with`] with
/// [`IRONIC`] as its settings. The user is `admin`, the password `secret`.
#[derive(Debug)]
pub struct OpenStack {
    place: Place,
    dir: PathBuf,
    expiration: Duration,
    services: Vec<Child>,
}

impl OpenStack {
    /// Starts them with their files below `dir`. Tokens are valid for `expiration`.
    ///
    /// # Panics
    ///
    /// When they don't come up.
    #[must_use]
    pub fn start(place: Place, dir: &Path, expiration: Duration) -> Self {
        let dir = dir.join("openstack");
        fs::create_dir(&dir).expect("a directory for Keystone and Glance");
        fs::write(
            dir.join("keystone_glance.py"),
            include_str!("keystone_glance.py"),
        )
        .expect("keystone_glance.py");
        let mut openstack = Self {
            place,
            dir,
            expiration,
            services: Vec::new(),
        };
        let script = openstack.dir.join("keystone_glance.py");
        let setup = Run::new_in(place, python()).args([&script, Path::new("setup")]);
        let _ = setup
            .args([&openstack.dir])
            .args([ADDRESS, &expiration.as_secs().to_string()])
            .limit(START)
            .outcome()
            .ok();
        for service in ["keystone", "glance"] {
            openstack.serve(service, &script);
        }
        for port in [5000, 9292] {
            openstack.wait_for_port(port);
        }
        openstack
    }

    /// Waits until every token that has been issued so far is expired.
    pub fn outlast_tokens(&self) {
        let start = Instant::now();
        wait_for("tokens to expire", self.expiration * 2, || {
            (start.elapsed() > self.expiration).then_some(())
        });
    }

    /// What logs `admin` in with the scope of the whole system, who sees all nodes and no images.
    #[must_use]
    pub fn system_scope() -> Vec<(&'static str, String)> {
        let mut variables = login();
        variables.push(("OS_SYSTEM_SCOPE", "all".into()));
        variables
    }

    /// What logs `admin` in with the scope of the project `admin`, who sees that project's nodes and images.
    #[must_use]
    pub fn project_scope() -> Vec<(&'static str, String)> {
        let mut variables = login();
        variables.push(("OS_PROJECT_NAME", "admin".into()));
        variables.push(("OS_PROJECT_DOMAIN_NAME", "Default".into()));
        variables
    }

    /// A `clouds.yaml` with the clouds `system` and `project`, named after their scopes.
    #[must_use]
    pub fn clouds_yaml() -> String {
        let cloud = |name: &str, scope: &str| {
            format!(
                "  {name}:
    auth_type: password
    region_name: RegionOne
    auth:
      auth_url: http://{ADDRESS}:5000/v3
      username: admin
      password: secret
      user_domain_name: Default
{scope}"
            )
        };
        let system = cloud("system", "      system_scope: all\n");
        let project = "      project_name: admin\n      project_domain_name: Default\n";
        format!("clouds:\n{system}{}", cloud("project", project))
    }

    /// Runs the `openstack` command with the scope of a project, as images are owned by one.
    #[track_caller]
    #[must_use]
    pub fn openstack<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Outcome {
        let program = environment("openstack-venv").join("bin/openstack");
        let mut run = Run::new_in(self.place, program).env("HOME", &self.dir);
        for (key, value) in Self::project_scope() {
            run = run.env(key, value);
        }
        run.args(args).limit(START).outcome()
    }

    fn serve(&mut self, service: &str, script: &Path) {
        let log = File::create(self.dir.join(format!("{service}.out"))).expect("a log file");
        let child = self
            .place
            .service(python())
            .arg(script)
            .arg(service)
            .arg(&self.dir)
            .arg(ADDRESS)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log file"))
            .stderr(log)
            .spawn()
            .expect("Python");
        self.services.push(child);
    }

    fn wait_for_port(&self, port: u16) {
        let code = format!("import socket; socket.create_connection(('{ADDRESS}', {port}), 5)");
        wait_for(&format!("port {port} to be served"), START, || {
            let tried = Run::new_in(self.place, python()).args(["-c", &code]);
            (tried.outcome().code == Some(0)).then_some(())
        });
    }
}

fn python() -> PathBuf {
    environment("openstack-venv").join("bin/python")
}

fn login() -> Vec<(&'static str, String)> {
    [
        ("OS_AUTH_URL", format!("http://{ADDRESS}:5000/v3")),
        ("OS_USERNAME", "admin".into()),
        ("OS_PASSWORD", "secret".into()),
        ("OS_USER_DOMAIN_NAME", "Default".into()),
        ("OS_REGION_NAME", "RegionOne".into()),
        ("OS_IDENTITY_API_VERSION", "3".into()),
    ]
    .into()
}

impl Drop for OpenStack {
    fn drop(&mut self) {
        for child in &mut self.services {
            self.place.signal(child, Signal::SIGKILL);
            let _ = child.kill();
            let _ = child.wait();
        }
        if thread::panicking() {
            for service in ["keystone", "glance"] {
                let out = fs::read_to_string(self.dir.join(format!("{service}.out")));
                eprintln!("--- {service}\n{}---", out.unwrap_or_default());
            }
        }
    }
}
