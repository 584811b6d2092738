//! What Ironic asks of the ramdisk: the cleaning steps there are, and to execute them. They take no time here.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

/// All commands so far with their results: Ironic asks for them at the next heartbeat.
type Commands = Arc<Mutex<Vec<Value>>>;

/// The agent's API, served as long as the process runs.
#[derive(Debug)]
pub(crate) struct Agent {
    url: Url,
}

impl Agent {
    pub(crate) async fn start(address: IpAddr) -> Result<Self> {
        let listener = TcpListener::bind((address, 0)).await?;
        let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        let routes = Router::new()
            .route("/v1/status", get(status))
            .route("/v1/commands/", get(results).post(command))
            .with_state(Commands::default());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { url })
    }

    /// Where Ironic finds it.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }
}

async fn status() -> Json<Value> {
    Json(json!({"version": "13.0.0", "started_at": 0, "hardware": {}}))
}

async fn results(State(commands): State<Commands>) -> Json<Value> {
    let commands = commands.lock().unwrap_or_else(PoisonError::into_inner);
    Json(json!({"commands": *commands}))
}

/// The body as it is: Ironic sends JSON and doesn't say so.
async fn command(State(commands): State<Commands>, body: Bytes) -> Json<Value> {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let name = asked["name"].as_str().unwrap_or_default();
    let result = match name {
        "clean.get_clean_steps" => json!({
            "clean_steps": {"GenericHardwareManager": [{
                "step": "erase_devices_metadata",
                "priority": 99,
                "interface": "deploy",
                "reboot_requested": false,
                "abortable": true,
            }]},
            "hardware_manager_version": {"generic_hardware_manager": "1.2"},
        }),
        "clean.execute_clean_step" => {
            let step = &asked["params"]["step"];
            println!("executed {}", step["step"].as_str().unwrap_or_default());
            json!({"clean_result": null, "clean_step": step})
        }
        _ => Value::Null,
    };
    let mut commands = commands.lock().unwrap_or_else(PoisonError::into_inner);
    let done = json!({
        "id": format!("command-{}", commands.len()),
        "command_name": name.rsplit('.').next(),
        "command_params": asked["params"],
        "command_status": "SUCCEEDED",
        "command_error": null,
        "command_result": result,
    });
    commands.push(done.clone());
    Json(done)
}
