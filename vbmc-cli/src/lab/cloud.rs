//! The lab's cloud, opened so that the operator hears of it when a service keeps silent.

use super::config::Lab;
use super::report::{Kind, Reporter, Subject};
use crate::openstack::cloud::Choice;
use crate::openstack::{Error, Session};

/// Logs in to a cloud, on behalf of a lab.
pub(crate) async fn open(choice: &Choice, lab: &Lab, report: &Reporter) -> Result<Session, Error> {
    let report = report.clone();
    let subject = Subject::new(Kind::Lab, &lab.name);
    Session::open(choice, move |wait| report.note(&subject, wait.to_string())).await
}
