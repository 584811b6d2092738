//! The requests for one BMC's users. They are settings like others: kept in the BMC's file, and in force at once.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use vbmc_core::control::{BmcUser, Problem, UserChange};
use vbmc_core::fleet::{BmcView, FleetError};
use vbmc_core::registry::{BmcConfig, BmcName, UserRecord};

use super::problem::Failure;
use super::routes::{Name, Shared, parse, to_the_end};

/// A BMC and the id of one of its users.
type NameAndId = Result<Path<(String, u8)>, PathRejection>;

/// A BMC's users, sorted by id.
#[utoipa::path(
    get,
    path = "/v1/bmcs/{name}/users",
    operation_id = "list_users",
    params(("name" = String, Path, description = "The BMC")),
    responses(
        (status = 200, body = [BmcUser]),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The BMC's file is broken"),
    )
)]
pub(super) async fn list(
    State(shared): State<Shared>,
    name: Name,
) -> Result<Json<Vec<BmcUser>>, Failure> {
    let users = users(shared.fleet.show(&parse(name)?).await?)?;
    Ok(Json(users.iter().map(BmcUser::of).collect()))
}

/// One user of a BMC.
#[utoipa::path(
    get,
    path = "/v1/bmcs/{name}/users/{id}",
    operation_id = "show_user",
    params(
        ("name" = String, Path, description = "The BMC"),
        ("id" = u8, Path, description = "The user, 1 to 16")
    ),
    responses(
        (status = 200, body = BmcUser),
        (status = 404, body = Problem, description = "There is no such BMC, or it has no such user"),
        (status = 409, body = Problem, description = "The BMC's file is broken"),
    )
)]
pub(super) async fn show(
    State(shared): State<Shared>,
    path: NameAndId,
) -> Result<Json<BmcUser>, Failure> {
    let (name, id) = parse_both(path)?;
    find(shared.fleet.show(&name).await?, id).map(Json)
}

/// Changes a user of a BMC, or makes one. The user's sessions end.
#[utoipa::path(
    patch,
    path = "/v1/bmcs/{name}/users/{id}",
    operation_id = "change_user",
    params(
        ("name" = String, Path, description = "The BMC"),
        ("id" = u8, Path, description = "The user, 1 to 16")
    ),
    request_body = UserChange,
    responses(
        (status = 200, body = BmcUser),
        (status = 400, body = Problem, description = "There can be no such user"),
        (status = 404, body = Problem),
        (status = 409, body = Problem, description = "The BMC's file is broken"),
        (status = 507, body = Problem, description = "The disk is full"),
    )
)]
pub(super) async fn change(
    State(shared): State<Shared>,
    path: NameAndId,
    body: Result<Json<UserChange>, JsonRejection>,
) -> Result<Json<BmcUser>, Failure> {
    let (name, id) = parse_both(path)?;
    let Json(change) = body?;
    if id != 1 && change.name.as_deref() == Some("") {
        let problem = format!("user {id} needs a name: give one, or delete the user");
        return Err(Failure::new(StatusCode::BAD_REQUEST, problem));
    }
    let fleet = shared.fleet;
    let apply = move |config: &mut BmcConfig| {
        config.change_user(id, |user: &mut UserRecord| change.apply(user))
    };
    let view = to_the_end(async move { fleet.update(&name, apply).await }).await?;
    find(view, id).map(Json)
}

/// Removes a user of a BMC. The user's sessions end. User 2, whom the BMC was added with, cannot be removed.
#[utoipa::path(
    delete,
    path = "/v1/bmcs/{name}/users/{id}",
    operation_id = "delete_user",
    params(
        ("name" = String, Path, description = "The BMC"),
        ("id" = u8, Path, description = "The user, 1 to 16")
    ),
    responses(
        (status = 204),
        (status = 400, body = Problem, description = "The user cannot be removed"),
        (status = 404, body = Problem, description = "There is no such BMC, or it has no such user"),
        (status = 409, body = Problem, description = "The BMC's file is broken"),
        (status = 507, body = Problem, description = "The disk is full"),
    )
)]
pub(super) async fn delete(
    State(shared): State<Shared>,
    path: NameAndId,
) -> Result<StatusCode, Failure> {
    let (name, id) = parse_both(path)?;
    let fleet = shared.fleet;
    find(fleet.show(&name).await?, id)?;
    let remove = move |config: &mut BmcConfig| config.remove_user(id);
    to_the_end(async move { fleet.update(&name, remove).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn parse_both(path: NameAndId) -> Result<(BmcName, u8), Failure> {
    let Path((name, id)) = path?;
    Ok((parse(Ok(Path(name)))?, id))
}

fn users(view: BmcView) -> Result<Vec<UserRecord>, FleetError> {
    match view.config {
        Some(config) => Ok(config.all_users()),
        None => Err(FleetError::Broken(view.problem.unwrap_or_default())),
    }
}

fn find(view: BmcView, id: u8) -> Result<BmcUser, Failure> {
    let name = view.name.clone();
    let users = users(view)?;
    let user = users.iter().find(|user| user.id == id);
    user.map(BmcUser::of).ok_or_else(|| {
        let problem = format!("the BMC of domain {name} has no user {id}");
        Failure::new(StatusCode::NOT_FOUND, problem)
    })
}
