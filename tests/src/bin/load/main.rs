//! The load generator: how many commands and session set-ups per second a BMC answers, beside a bare UDP echo in the
//! same run. It speaks through `ipmi_proto::console`, so it measures any BMC; `scripts/bench` runs it on ours and on the
//! peers.

mod commands;
mod echo;
mod setups;

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use ipmi_proto::console::{Config, SuiteChoice};
use ipmi_proto::crypto::{CipherSuite, Password};
use ipmi_proto::handshake::Username;

use commands::Kind;

/// Measures BMCs: commands per second on one session, and session set-ups per second.
///
/// Example: `IPMI_PASSWORD=password load --bmc vbmcd=127.0.0.1:6230 --bmc ipmi_sim=127.0.0.1:9001`
#[derive(Debug, Parser)]
struct Args {
    /// A BMC to measure, as NAME=HOST:PORT; may be given several times.
    #[arg(long = "bmc", value_name = "NAME=HOST:PORT")]
    bmcs: Vec<String>,
    /// The user to log in as. The password is taken from the environment variable IPMI_PASSWORD.
    #[arg(long, default_value = "admin")]
    user: String,
    /// The cipher suites to measure.
    #[arg(long, value_delimiter = ',', default_value = "3,17")]
    suites: Vec<u8>,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// How often everything is measured; the median is shown.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How many sessions are set up at a time.
    #[arg(long, default_value_t = 4)]
    concurrency: usize,
    /// Answer every datagram with itself until standard input closes, and print the address. Used by the program itself.
    #[arg(long, hide = true)]
    echo_server: bool,
}

/// How many requests are in flight: one, as interactive clients have it, and enough to keep the BMC busy.
const IN_FLIGHT: [usize; 2] = [1, 8];

fn main() -> Result<()> {
    let args = Args::parse();
    if args.echo_server {
        return echo::serve();
    }
    let duration = Duration::from_secs(args.seconds);
    let echo = echo::Server::spawn()?;

    println!(
        "Per second; median of {} rounds of {} s each.",
        args.rounds, args.seconds
    );
    println!();
    println!(
        "| target | suite | Get Device ID, 1 in flight | of echo | 8 in flight | of echo | Get Chassis Status, 1 in flight | of echo | set-ups | failed |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    // Each target is measured next to an echo of its own rounds: the machine's speed drifts.
    for target in &args.bmcs {
        let (name, address) = target
            .split_once('=')
            .context("--bmc takes NAME=HOST:PORT")?;
        let address = resolve(address)?;
        for id in &args.suites {
            let suite = CipherSuite::from_id(*id)
                .with_context(|| format!("cipher suite {id} is not implemented"))?;
            let config = config(&args, suite)?;
            row(name, address, &config, suite, &echo, duration, &args)?;
        }
    }
    Ok(())
}

fn row(
    name: &str,
    bmc: SocketAddr,
    config: &Config,
    suite: CipherSuite,
    echo: &echo::Server,
    duration: Duration,
    args: &Args,
) -> Result<()> {
    let mut columns: [Vec<f64>; 7] = Default::default();
    let mut failed = 0;
    for _ in 0..args.rounds {
        let echo_one = echo::rate(echo.address(), IN_FLIGHT[0], duration)?;
        let echo_many = echo::rate(echo.address(), IN_FLIGHT[1], duration)?;
        let measure = |kind, window| {
            commands::rate(bmc, config, kind, window, duration)
                .with_context(|| format!("{name} at {bmc}"))
        };
        let one = measure(Kind::DeviceId, IN_FLIGHT[0])?;
        let many = measure(Kind::DeviceId, IN_FLIGHT[1])?;
        let status = measure(Kind::ChassisStatus, IN_FLIGHT[0])?;
        let setups = setups::rate(bmc, config, args.concurrency, duration)?;
        failed += setups.failed;
        let values = [
            one,
            one / echo_one,
            many,
            many / echo_many,
            status,
            status / echo_one,
            setups.per_second,
        ];
        for (column, value) in columns.iter_mut().zip(values) {
            column.push(value);
        }
    }
    let [
        one,
        one_ratio,
        many,
        many_ratio,
        status,
        status_ratio,
        setups,
    ] = columns.map(median);
    println!(
        "| {name} | {} | {one:.0} | {one_ratio:.2} | {many:.0} | {many_ratio:.2} | {status:.0} | {status_ratio:.2} | {setups:.0} | {failed} |",
        suite.id(),
    );
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn config(args: &Args, suite: CipherSuite) -> Result<Config> {
    let Ok(password) = std::env::var("IPMI_PASSWORD") else {
        bail!(
            "set the environment variable IPMI_PASSWORD to the password of user {}",
            args.user
        );
    };
    let username = Username::new(args.user.as_bytes()).context("--user")?;
    let password = Password::new(password.as_bytes()).context("IPMI_PASSWORD")?;
    let mut config = Config::new(username, password);
    config.suite = SuiteChoice::Exactly(suite);
    Ok(config)
}

fn resolve(address: &str) -> Result<SocketAddr> {
    address
        .to_socket_addrs()
        .with_context(|| format!("{address} is no HOST:PORT"))?
        .next()
        .with_context(|| format!("{address} has no address"))
}
