//! A vbmcd that keeps its BMCs in memory: the control API and nothing behind it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use axum::extract::{Path as Segment, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use tempfile::TempDir;
use tokio::net::UnixListener;
use vbmc_core::control::{BmcDetails, BmcSummary, NewBmc, Problem, Status};

type Bmcs = Arc<Mutex<BTreeMap<String, BmcDetails>>>;
type Refusal = (StatusCode, Json<Problem>);

/// A daemon with a home directory of its own; its thread ends with the test process.
pub(crate) struct Daemon {
    home: TempDir,
    bmcs: Bmcs,
}

impl Daemon {
    /// Starts one that listens where vbmc looks by default.
    pub(crate) fn start() -> Self {
        let daemon = Self::absent();
        daemon.listen();
        daemon
    }

    /// A home directory in which nobody listens yet.
    pub(crate) fn absent() -> Self {
        let home = TempDir::new().unwrap();
        std::fs::create_dir(home.path().join(".vbmc")).unwrap();
        Self {
            home,
            bmcs: Bmcs::default(),
        }
    }

    /// Listens from now on.
    pub(crate) fn listen(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let listener = {
            let _entered = runtime.enter();
            UnixListener::bind(self.home().join(".vbmc/vbmcd.sock")).unwrap()
        };
        let app = Router::new()
            .route("/v1/bmcs", get(list).post(add))
            .route("/v1/bmcs/{name}", get(show).delete(delete))
            .route("/v1/bmcs/{name}/start", post(start))
            .route("/v1/bmcs/{name}/stop", post(stop))
            .with_state(Arc::clone(&self.bmcs));
        thread::spawn(move || runtime.block_on(async { axum::serve(listener, app).await }));
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The BMC of that name, as the daemon knows it.
    pub(crate) fn bmc(&self, name: &str) -> Option<BmcDetails> {
        self.bmcs.lock().unwrap().get(name).cloned()
    }

    /// Puts a BMC there without asking vbmc.
    pub(crate) fn insert(&self, name: &str, status: Status, port: u16) {
        let bmc = BmcDetails {
            domain_name: name.to_owned(),
            status,
            problem: (status == Status::Error).then(|| format!("port {port} is in use")),
            address: "::".to_owned(),
            port,
            active: status != Status::Down,
            username: "admin".to_owned(),
            password: "***".to_owned(),
            libvirt_uri: "test:///default".to_owned(),
            libvirt_sasl_username: None,
            libvirt_sasl_password: Some("***".to_owned()),
            cipher_suites: None,
            ipmi_1_5: Vec::new(),
            console_history: None,
            kg: None,
        };
        self.bmcs.lock().unwrap().insert(name.to_owned(), bmc);
    }
}

async fn list(State(bmcs): State<Bmcs>) -> Json<Vec<BmcSummary>> {
    let bmcs = bmcs.lock().unwrap();
    let summary = |bmc: &BmcDetails| BmcSummary {
        domain_name: bmc.domain_name.clone(),
        status: bmc.status,
        address: bmc.address.clone(),
        port: bmc.port,
    };
    Json(bmcs.values().map(summary).collect())
}

async fn add(
    State(bmcs): State<Bmcs>,
    Json(new): Json<NewBmc>,
) -> Result<(StatusCode, Json<BmcDetails>), Refusal> {
    let mut bmcs = bmcs.lock().unwrap();
    if bmcs.contains_key(&new.domain_name) {
        return Err(refusal(
            StatusCode::CONFLICT,
            format!("Domain {} already exists", new.domain_name),
        ));
    }
    let bmc = BmcDetails {
        domain_name: new.domain_name.clone(),
        status: Status::Down,
        problem: None,
        address: new.address,
        port: new.port,
        active: false,
        username: new.username,
        password: new.password.reveal().to_owned(),
        libvirt_uri: new.libvirt_uri,
        libvirt_sasl_username: new.libvirt_sasl_username,
        libvirt_sasl_password: new
            .libvirt_sasl_password
            .map(|password| password.reveal().to_owned()),
        cipher_suites: None,
        ipmi_1_5: Vec::new(),
        console_history: None,
        kg: None,
    };
    bmcs.insert(new.domain_name, bmc.clone());
    Ok((StatusCode::CREATED, Json(bmc)))
}

async fn show(
    State(bmcs): State<Bmcs>,
    Segment(name): Segment<String>,
) -> Result<Json<BmcDetails>, Refusal> {
    bmcs.lock()
        .unwrap()
        .get(&name)
        .cloned()
        .map(Json)
        .ok_or_else(|| unknown(&name))
}

async fn delete(
    State(bmcs): State<Bmcs>,
    Segment(name): Segment<String>,
) -> Result<StatusCode, Refusal> {
    bmcs.lock()
        .unwrap()
        .remove(&name)
        .map(|_| StatusCode::NO_CONTENT)
        .ok_or_else(|| unknown(&name))
}

async fn start(state: State<Bmcs>, name: Segment<String>) -> Result<Json<BmcDetails>, Refusal> {
    switch(state, name, Status::Running)
}

async fn stop(state: State<Bmcs>, name: Segment<String>) -> Result<Json<BmcDetails>, Refusal> {
    switch(state, name, Status::Down)
}

fn switch(
    State(bmcs): State<Bmcs>,
    Segment(name): Segment<String>,
    status: Status,
) -> Result<Json<BmcDetails>, Refusal> {
    let mut bmcs = bmcs.lock().unwrap();
    let bmc = bmcs.get_mut(&name).ok_or_else(|| unknown(&name))?;
    (bmc.status, bmc.active) = (status, status == Status::Running);
    Ok(Json(bmc.clone()))
}

fn unknown(name: &str) -> Refusal {
    refusal(
        StatusCode::NOT_FOUND,
        format!("No domain with matching name {name} was found"),
    )
}

fn refusal(status: StatusCode, message: String) -> Refusal {
    (status, Json(Problem { message }))
}
