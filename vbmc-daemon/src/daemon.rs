//! The daemon's life from start to end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::{Builder, Runtime};
use vbmc_core::fleet::Fleet;
use vbmc_core::host::libvirt::Hypervisors;
use vbmc_core::registry::Registry;

use crate::api::Api;
use crate::background::Readiness;
use crate::config::Config;
use crate::dirlock::DirLock;
use crate::logging::Log;
use crate::pidfile::PidFile;
use crate::signals::{Request, Signals};
use crate::systemd;

/// How long threads that wait for a hypervisor may hold up the end.
const SHUTDOWN: Duration = Duration::from_secs(2);

/// Runs the daemon until it is told to stop.
pub(crate) fn run(readiness: Readiness) -> Result<()> {
    let config = Config::load()?;
    let log = Log::start(&config, &readiness)?;
    let has_logfile = config.logfile.is_some() || readiness.is_detached();
    let result = serve(config, &log, &readiness);
    // On standard error, whoever called us reads it in the same place.
    if let (Err(error), true) = (&result, has_logfile) {
        tracing::error!("{error:#}");
    }
    result
}

fn serve(config: Config, log: &Log, readiness: &Readiness) -> Result<()> {
    let pid_file = PidFile::acquire(&config.pid_file)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    raise_file_limit();
    let runtime = runtime().context("starting the threads")?;
    let result = runtime.block_on(live(config, log, readiness));
    runtime.shutdown_timeout(SHUTDOWN);
    drop(pid_file);
    result
}

async fn live(config: Config, log: &Log, readiness: &Readiness) -> Result<()> {
    let mut signals = Signals::listen()?;
    // Before the registry is opened, which sweeps away what it takes for leftovers.
    let _lock = DirLock::acquire(&config.config_dir)?;
    let registry = Registry::open(&config.config_dir)?;
    // Before the BMCs: whoever cannot be controlled must not serve.
    let api = Api::bind(&config)?;
    let hosts = Arc::new(Hypervisors::new());
    let fleet = Fleet::open(registry, hosts, config.options.clone()).await?;
    let api = api.serve(fleet.clone());
    let watchdog = tokio::spawn(systemd::feed_watchdog());
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        configuration = config.file.map(|path| path.display().to_string()),
        bmcs = fleet.list().len(),
        "serving"
    );
    systemd::ready();
    readiness.tell()?;

    while signals.next().await == Request::Reload {
        systemd::reloading();
        reload(log, &fleet, &api).await;
        systemd::ready();
    }
    tracing::info!("stopping");
    systemd::stopping();
    api.stop().await;
    fleet.shutdown().await;
    watchdog.abort();
    tracing::info!("stopped");
    Ok(())
}

async fn reload(log: &Log, fleet: &Fleet, api: &crate::api::Serving) {
    let options = match Config::load() {
        Ok(config) => {
            if let Err(error) = log.reopen(&config) {
                tracing::error!("{error:#}");
            }
            for warning in &config.warnings {
                tracing::warn!("{warning}");
            }
            api.show_passwords(config.show_passwords);
            config.options
        }
        Err(error) => {
            tracing::error!("{error:#}; what was read before stays in force");
            fleet.options()
        }
    };
    fleet.reload(options).await;
    tracing::info!("read all files again");
}

/// Half of the processors serve BMCs: this machine has virtual machines to run, and more threads than there is work for
/// wake each other for every datagram. Nothing blocks these threads.
fn runtime() -> std::io::Result<Runtime> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread()
        .worker_threads((processors / 2).max(1))
        .enable_all()
        .build()
}

/// Every BMC has a socket, and the usual limit is 1024 files.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
}
