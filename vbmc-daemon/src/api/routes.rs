//! The requests. Each one is translated to a command of the [`Fleet`]; what the commands mean is decided there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use utoipa::OpenApi;
use vbmc_core::Secret;
use vbmc_core::control::{
    BmcChange, BmcCredentials, BmcDetails, BmcSummary, NewBmc, Problem, Version,
};
use vbmc_core::fleet::{BmcView, Fleet, FleetError};
use vbmc_core::registry::{BmcConfig, BmcName};

use super::peer;
use super::problem::Failure;
use super::{settings, users};

/// The largest body in bytes: many times what a BMC's settings take.
const MAX_BODY: usize = 64 * 1024;

/// How long a request may take, its body included. Longer than a hypervisor is waited for.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What stands in place of a password.
const MASK: &str = "***";

/// What all requests share.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    pub(super) fleet: Fleet,
    pub(super) show_passwords: Arc<AtomicBool>,
}

/// The API as an OpenAPI document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "vbmcd's control API",
        description = "HTTP and JSON on vbmcd's unix socket; `curl --unix-socket ~/.vbmc/vbmcd.sock http://vbmcd/v1/bmcs`"
    ),
    paths(
        version,
        list,
        add,
        show,
        update,
        delete,
        credentials,
        users::list,
        users::show,
        users::change,
        users::delete,
        start,
        stop
    ),
    components(schemas(Problem))
)]
pub(super) struct Document;

/// All requests, and an answer in JSON to anything else.
pub(super) fn router(shared: Shared, allowed: peer::Allowed) -> Router {
    Router::new()
        .route("/v1/version", get(version))
        .route("/v1/openapi.json", get(async || Json(Document::openapi())))
        .route("/v1/bmcs", get(list).post(add))
        .route("/v1/bmcs/{name}", get(show).patch(update).delete(delete))
        .route("/v1/bmcs/{name}/credentials", get(credentials))
        .route("/v1/bmcs/{name}/users", get(users::list))
        .route(
            "/v1/bmcs/{name}/users/{id}",
            get(users::show).patch(users::change).delete(users::delete),
        )
        .route("/v1/bmcs/{name}/start", post(start))
        .route("/v1/bmcs/{name}/stop", post(stop))
        .fallback(async || Failure::new(StatusCode::NOT_FOUND, "there is no such resource"))
        .method_not_allowed_fallback(async || {
            Failure::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "the resource does not know this method",
            )
        })
        .with_state(shared)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(limit_time))
        .layer(middleware::from_fn_with_state(allowed, peer::check))
}

async fn limit_time(request: Request, next: Next) -> Response {
    tracing::debug!(method = %request.method(), path = request.uri().path(), "control request");
    match tokio::time::timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::new(
            StatusCode::GATEWAY_TIMEOUT,
            format!(
                "no result within {} s; the log may say more",
                TIMEOUT.as_secs()
            ),
        )
        .into_response(),
    }
}

/// Which vbmcd this is.
#[utoipa::path(get, path = "/v1/version", responses((status = 200, body = Version)))]
async fn version() -> Json<Version> {
    Json(Version {
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// All BMCs, sorted by name.
#[utoipa::path(get, path = "/v1/bmcs", responses((status = 200, body = [BmcSummary])))]
async fn list(State(shared): State<Shared>) -> Json<Vec<BmcSummary>> {
    Json(shared.fleet.list().iter().map(summary).collect())
}

/// Adds a BMC, once its hypervisor was reached and has the domain. It is not started.
#[utoipa::path(
    post,
    path = "/v1/bmcs",
    request_body = NewBmc,
    responses(
        (status = 201, body = BmcDetails),
        (status = 400, body = Problem, description = "A setting cannot be"),
        (status = 404, body = Problem, description = "The hypervisor has no such domain"),
        (status = 409, body = Problem, description = "There is a BMC of this name"),
        (status = 502, body = Problem, description = "The hypervisor cannot be reached"),
        (status = 507, body = Problem, description = "The disk is full"),
    )
)]
async fn add(
    State(shared): State<Shared>,
    body: Result<Json<NewBmc>, JsonRejection>,
) -> Result<(StatusCode, Json<BmcDetails>), Failure> {
    let Json(new) = body?;
    let config = settings::of(new)?;
    let fleet = shared.fleet.clone();
    let view = to_the_end(async move { fleet.add(config).await }).await?;
    Ok((StatusCode::CREATED, details(&shared, view)))
}

/// One BMC.
#[utoipa::path(
    get,
    path = "/v1/bmcs/{name}",
    params(("name" = String, Path, description = "The BMC")),
    responses((status = 200, body = BmcDetails), (status = 404, body = Problem))
)]
async fn show(State(shared): State<Shared>, name: Name) -> Result<Json<BmcDetails>, Failure> {
    let view = shared.fleet.show(&parse(name)?).await?;
    Ok(details(&shared, view))
}

/// Changes a BMC's settings, at once. One that runs goes on as it was if it cannot be as it should.
#[utoipa::path(
    patch,
    path = "/v1/bmcs/{name}",
    params(("name" = String, Path, description = "The BMC")),
    request_body = BmcChange,
    responses(
        (status = 200, body = BmcDetails),
        (status = 400, body = Problem, description = "A setting cannot be"),
        (status = 404, body = Problem, description = "There is no such BMC, or the hypervisor has no such domain"),
        (status = 409, body = Problem, description = "The address is taken, or the BMC's file is broken"),
        (status = 502, body = Problem, description = "The hypervisor cannot be reached"),
        (status = 507, body = Problem, description = "The disk is full"),
    )
)]
async fn update(
    State(shared): State<Shared>,
    name: Name,
    body: Result<Json<BmcChange>, JsonRejection>,
) -> Result<Json<BmcDetails>, Failure> {
    let (fleet, name) = (shared.fleet.clone(), parse(name)?);
    let Json(change) = body?;
    let apply = move |config: &mut BmcConfig| settings::apply(&change, config);
    let view = to_the_end(async move { fleet.update(&name, apply).await }).await?;
    Ok(details(&shared, view))
}

/// What it takes to log in to a BMC, whatever `show_passwords` says: who may ask may also set it.
#[utoipa::path(
    get,
    path = "/v1/bmcs/{name}/credentials",
    params(("name" = String, Path, description = "The BMC")),
    responses(
        (status = 200, body = BmcCredentials),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The BMC's file is broken"),
    )
)]
async fn credentials(
    State(shared): State<Shared>,
    name: Name,
) -> Result<Json<BmcCredentials>, Failure> {
    let name = parse(name)?;
    let view = shared.fleet.show(&name).await?;
    match view.config {
        Some(config) => Ok(Json(settings::credentials(config))),
        None => Err(FleetError::Broken(view.problem.unwrap_or_default()).into()),
    }
}

/// Stops a BMC and deletes it.
#[utoipa::path(
    delete,
    path = "/v1/bmcs/{name}",
    params(("name" = String, Path, description = "The BMC")),
    responses((status = 204), (status = 404, body = Problem))
)]
async fn delete(State(shared): State<Shared>, name: Name) -> Result<StatusCode, Failure> {
    let (fleet, name) = (shared.fleet, parse(name)?);
    to_the_end(async move { fleet.delete(&name).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Starts a BMC, now and whenever vbmcd starts.
#[utoipa::path(
    post,
    path = "/v1/bmcs/{name}/start",
    params(("name" = String, Path, description = "The BMC")),
    responses(
        (status = 200, body = BmcDetails),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "Its address is taken, or its file is broken"),
        (status = 507, body = Problem, description = "The disk is full"),
    )
)]
async fn start(State(shared): State<Shared>, name: Name) -> Result<Json<BmcDetails>, Failure> {
    let (fleet, name) = (shared.fleet.clone(), parse(name)?);
    let view = to_the_end(async move { fleet.start(&name).await }).await?;
    Ok(details(&shared, view))
}

/// Stops a BMC, now and for good.
#[utoipa::path(
    post,
    path = "/v1/bmcs/{name}/stop",
    params(("name" = String, Path, description = "The BMC")),
    responses(
        (status = 200, body = BmcDetails),
        (status = 404, body = Problem),
        (status = 507, body = Problem, description = "The disk is full"),
    )
)]
async fn stop(State(shared): State<Shared>, name: Name) -> Result<Json<BmcDetails>, Failure> {
    let (fleet, name) = (shared.fleet.clone(), parse(name)?);
    let view = to_the_end(async move { fleet.stop(&name).await }).await?;
    Ok(details(&shared, view))
}

/// Runs a command to its end, even if the client goes away or the time is up: none is left halfway.
pub(super) async fn to_the_end<T: Send + 'static>(
    command: impl Future<Output = Result<T, FleetError>> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::spawn(command).await {
        Ok(result) => Ok(result?),
        Err(fault) => Err(Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("a fault of vbmcd's: {fault}"),
        )),
    }
}

pub(super) type Name = Result<Path<String>, PathRejection>;

pub(super) fn parse(name: Name) -> Result<BmcName, Failure> {
    let Path(name) = name?;
    Ok(BmcName::new(&name)?)
}

/// What a broken file does not tell stands as VirtualBMC shows it, or as nothing.
fn summary(view: &BmcView) -> BmcSummary {
    let config = view.config.as_ref();
    BmcSummary {
        domain_name: view.name.to_string(),
        status: view.status,
        address: config.map_or_else(|| "?".to_owned(), |config| config.address.to_string()),
        port: config.map_or(0, |config| config.port),
    }
}

fn details(shared: &Shared, view: BmcView) -> Json<BmcDetails> {
    let shown = shared.show_passwords.load(Ordering::Relaxed);
    let BmcSummary {
        domain_name,
        status,
        address,
        port,
    } = summary(&view);
    let config = view.config.as_ref();
    let sasl_password = config.and_then(|config| config.libvirt_sasl_password.as_ref());
    let text = |field: fn(&BmcConfig) -> &String| config.map(field).cloned().unwrap_or_default();
    Json(BmcDetails {
        domain_name,
        status,
        problem: view.problem,
        address,
        port,
        active: config.is_some_and(|config| config.active),
        username: text(|config| &config.username),
        password: match config {
            Some(config) if shown => config.password.reveal().to_owned(),
            _ => MASK.to_owned(),
        },
        libvirt_uri: text(|config| &config.libvirt_uri),
        libvirt_sasl_username: config.and_then(|config| config.libvirt_sasl_username.clone()),
        libvirt_sasl_password: if shown {
            sasl_password.map(Secret::reveal).map(str::to_owned)
        } else {
            Some(MASK.to_owned())
        },
        cipher_suites: config.and_then(|config| config.cipher_suites.clone()),
        ipmi_1_5: config.map(|config| config.v15.clone()).unwrap_or_default(),
        console_history: config.and_then(|config| config.console_history),
        kg: config
            .and_then(|config| config.kg.as_ref())
            .map(|kg| if shown { kg.reveal() } else { MASK }.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE=1 cargo test -p vbmc-daemon` writes the document anew.
    #[test]
    fn the_checked_in_document_is_what_the_code_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
        let document = Document::openapi().to_pretty_json().unwrap() + "\n";
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &document).unwrap();
        }
        let checked_in = std::fs::read_to_string(path).unwrap();
        assert!(
            checked_in == document,
            "docs/openapi.json is out of date: run `UPDATE=1 cargo test -p vbmc-daemon` and look at the difference"
        );
    }
}
