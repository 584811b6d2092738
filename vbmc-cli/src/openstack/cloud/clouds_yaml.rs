//! `clouds.yaml` and `secure.yaml`: where they are, and one cloud of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use vbmc_core::Secret;

use super::settings::{Origin, Settings};
use super::{CloudError, Surroundings};

/// The settings of cloud `name`.
pub(super) fn cloud(name: &str, around: &Surroundings) -> Result<Settings, CloudError> {
    match read(around)? {
        Some((file, clouds)) => pick(file, &clouds, name),
        None => Err(CloudError::NoFile {
            cloud: name.to_owned(),
            searched: candidates(around, CONFIG),
        }),
    }
}

/// The settings of the only cloud there is; none where there is no file, or many clouds.
pub(super) fn only_cloud(around: &Surroundings) -> Result<Option<Settings>, CloudError> {
    let Some((file, clouds)) = read(around)? else {
        return Ok(None);
    };
    match clouds.keys().collect::<Vec<_>>()[..] {
        [name] => pick(file, &clouds, name).map(Some),
        _ => Ok(None),
    }
}

type Clouds = Map<String, Value>;

/// The first file there is, with its clouds.
fn read(around: &Surroundings) -> Result<Option<(PathBuf, Clouds)>, CloudError> {
    for file in candidates(around, CONFIG) {
        if let Some(mut clouds) = read_clouds(&file)? {
            for secure in candidates(around, SECURE) {
                if let Some(secrets) = read_clouds(&secure)? {
                    merge(&mut clouds, secrets);
                    break;
                }
            }
            return Ok(Some((file, clouds)));
        }
    }
    Ok(None)
}

/// The variable that names a file, and what the file is called where it is looked for.
type Kind = (&'static str, &'static str);
const CONFIG: Kind = ("OS_CLIENT_CONFIG_FILE", "clouds");
const SECURE: Kind = ("OS_CLIENT_SECURE_FILE", "secure");

fn candidates(around: &Surroundings, (variable, stem): Kind) -> Vec<PathBuf> {
    let given = around.variable(variable).map(PathBuf::from);
    let found = around.directories.iter().flat_map(|directory| {
        ["yaml", "yml", "json"].map(|extension| directory.join(format!("{stem}.{extension}")))
    });
    given.into_iter().chain(found).collect()
}

fn read_clouds(file: &Path) -> Result<Option<Clouds>, CloudError> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => {
            return Err(CloudError::Unreadable {
                file: file.to_owned(),
                cause,
            });
        }
    };
    let malformed = |reason: String| CloudError::Malformed {
        file: file.to_owned(),
        reason,
    };
    // No snippet: it would show the lines around, and they hold passwords.
    let options = serde_saphyr::options! { with_snippet: false };
    let value: Value = serde_saphyr::from_str_with_options(&text, options)
        .map_err(|error| malformed(error.to_string()))?;
    match value.get("clouds") {
        Some(Value::Object(clouds)) => Ok(Some(clouds.clone())),
        _ => Err(malformed(
            "it has no `clouds:` with clouds below it".to_owned(),
        )),
    }
}

/// Adds what `secrets` has, level by level.
fn merge(clouds: &mut Clouds, secrets: Clouds) {
    for (key, value) in secrets {
        match (clouds.get_mut(&key), value) {
            (Some(Value::Object(there)), Value::Object(more)) => merge(there, more),
            (_, value) => {
                clouds.insert(key, value);
            }
        }
    }
}

fn pick(file: PathBuf, clouds: &Clouds, name: &str) -> Result<Settings, CloudError> {
    let Some(cloud) = clouds.get(name) else {
        return Err(CloudError::NoSuchCloud {
            file,
            cloud: name.to_owned(),
            there: clouds.keys().cloned().collect(),
        });
    };
    let Value::Object(cloud) = cloud else {
        return Err(CloudError::Malformed {
            file,
            reason: format!("`clouds.{name}` has no settings below it"),
        });
    };
    let mut values = BTreeMap::new();
    flatten(cloud, &mut values);
    if let Some(Value::Object(auth)) = cloud.get("auth") {
        flatten(auth, &mut values);
    }
    let origin = Origin::File {
        file,
        cloud: name.to_owned(),
    };
    Ok(Settings::new(origin, values))
}

/// Takes what is a single value; lists and maps mean nothing to us.
fn flatten(map: &Clouds, values: &mut BTreeMap<String, Secret>) {
    for (key, value) in map {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => continue,
        };
        values.insert(key.clone(), Secret::new(text));
    }
}
