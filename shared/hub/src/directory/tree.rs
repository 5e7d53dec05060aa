//! Which file holds what.

use super::{DirectoryError, Problem};
use crate::kinds::{self, Resource};
use acm_backup_domain::snapshot::Missing;
use serde_json::Value;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

const NAMESPACES: &str = "namespaces";
const CLUSTER_SCOPED: &str = "cluster-scoped-resources";
const SUFFIXES: [&str; 3] = ["yaml", "yml", "json"];

/// The folders of one hub. Must-gather runs several images, each into a folder of its own.
#[derive(Debug)]
pub(super) struct Tree {
    path: PathBuf,
    roots: Vec<PathBuf>,
}

impl Tree {
    pub(super) fn open(path: &Path) -> Result<Self, DirectoryError> {
        let unreadable = |why| DirectoryError::Unreadable {
            path: path.to_owned(),
            why,
        };
        let below = fs::read_dir(path).map_err(unreadable)?;
        let is_root =
            |dir: &Path| dir.join(NAMESPACES).is_dir() || dir.join(CLUSTER_SCOPED).is_dir();
        let mut roots: Vec<_> = if is_root(path) {
            vec![path.to_owned()]
        } else {
            below
                .flatten()
                .map(|entry| entry.path())
                .filter(|child| is_root(child))
                .collect()
        };
        roots.sort();
        if roots.is_empty() {
            return Err(DirectoryError::NotAHub(path.to_owned()));
        }
        Ok(Self {
            path: path.to_owned(),
            roots,
        })
    }

    /// The `timestamp` files: one beside each root, and one above them.
    pub(super) fn timestamps(&self) -> Vec<String> {
        let mut places = self.roots.clone();
        places.push(self.path.clone());
        places.dedup();
        places
            .iter()
            .filter_map(|place| fs::read_to_string(place.join("timestamp")).ok())
            .collect()
    }

    /// The namespaces that hold at least one file of these kinds.
    pub(super) fn namespaces_with(&self, resources: &[Resource]) -> Vec<String> {
        let mut names: Vec<_> = self
            .roots
            .iter()
            .flat_map(|root| entries(&root.join(NAMESPACES)))
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .filter(|name| {
                resources
                    .iter()
                    .any(|resource| !self.files(resource, name).is_empty())
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// All objects of a kind, of those collected twice one. Missing where no file is for it, or none
    /// of them can be read: a broken list is not an empty one.
    pub(super) fn objects(
        &self,
        resource: &Resource,
        namespace: &str,
        problems: &mut Vec<Problem>,
    ) -> Result<Vec<Value>, Missing> {
        let name = || resource.name.to_owned();
        let files = self.files(resource, namespace);
        if files.is_empty() {
            return Err(Missing::NotCollected {
                resource: name(),
                namespace: resource.scope(namespace),
            });
        }
        let (mut found, mut seen, mut broken) = (Vec::new(), HashSet::new(), 0_usize);
        let all = files.len();
        for file in files {
            match read(&file) {
                Ok(objects) => {
                    for object in objects {
                        let name = object.pointer("/metadata/name").and_then(Value::as_str);
                        if seen.insert(name.unwrap_or_default().to_owned()) {
                            found.push(object);
                        }
                    }
                }
                Err(why) => {
                    broken = broken.saturating_add(1);
                    let file = file.strip_prefix(&self.path).unwrap_or(&file).to_owned();
                    problems.push(Problem { file, why });
                }
            }
        }
        match problems.last() {
            Some(last) if broken == all => Err(Missing::BrokenFile {
                resource: name(),
                file: last.file.display().to_string(),
                why: last.why.clone(),
            }),
            _ => Ok(found),
        }
    }

    /// The cluster-scoped object that has a file of its own, by its name. A broken one is only missing: it is
    /// asked for what makes a text better, not for what a judgement rests on.
    pub(super) fn object(&self, resource: &Resource, name: &str) -> Result<Value, Missing> {
        let missing = || Missing::NotCollected {
            resource: resource.name.to_owned(),
            namespace: None,
        };
        let folders = self.roots.iter().map(|root| {
            root.join(CLUSTER_SCOPED)
                .join(resource.group())
                .join(resource.plural())
        });
        folders
            .flat_map(|folder| SUFFIXES.map(|suffix| folder.join(format!("{name}.{suffix}"))))
            .filter_map(|file| read(&file).ok())
            .flatten()
            .find(|object| object.pointer("/metadata/name").and_then(Value::as_str) == Some(name))
            .ok_or_else(missing)
    }

    /// The namespace itself, from the file `oc adm inspect` puts in its folder.
    pub(super) fn namespace(&self, name: &str) -> Result<Value, Missing> {
        let folders = self
            .roots
            .iter()
            .map(|root| root.join(NAMESPACES).join(name));
        folders
            .flat_map(|folder| SUFFIXES.map(|suffix| folder.join(format!("{name}.{suffix}"))))
            .filter_map(|file| read(&file).ok())
            .flatten()
            .find(|object| object.pointer("/metadata/name").and_then(Value::as_str) == Some(name))
            .ok_or_else(|| Missing::NotCollected {
                resource: kinds::NAMESPACES.name.to_owned(),
                namespace: None,
            })
    }

    /// `<group>/<resource>.yaml` holds a list, `<group>/<resource>/<name>.yaml` one object.
    fn files(&self, resource: &Resource, namespace: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for root in &self.roots {
            let scope = match resource.namespaced {
                true => root.join(NAMESPACES).join(namespace),
                false => root.join(CLUSTER_SCOPED),
            };
            let folder = scope.join(resource.group()).join(resource.plural());
            files.extend(
                SUFFIXES
                    .iter()
                    .map(|suffix| folder.with_extension(suffix))
                    .filter(|file| file.is_file()),
            );
            files.extend(entries(&folder).into_iter().filter(|file| {
                file.extension()
                    .is_some_and(|suffix| SUFFIXES.iter().any(|known| suffix == *known))
            }));
        }
        files
    }
}

/// What a folder holds, in the order of names; nothing where there is no such folder.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

/// The objects in one file: one, or those of a list.
fn read(file: &Path) -> Result<Vec<Value>, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let value: Value = if file.extension().is_some_and(|suffix| suffix == "json") {
        serde_json::from_str(&text).map_err(|error| error.to_string())?
    } else {
        yaml(&text)?
    };
    match value {
        Value::Object(mut fields) => match fields.remove("items") {
            Some(Value::Array(items)) => Ok(items),
            Some(Value::Null) => Ok(Vec::new()),
            Some(_) => Err("items is not a list".to_owned()),
            None if fields.contains_key("metadata") => Ok(vec![Value::Object(fields)]),
            None => Err("it holds no Kubernetes object".to_owned()),
        },
        _ => Err("it holds no Kubernetes object".to_owned()),
    }
}

/// Reads YAML of any size: the list of a large hub's clusters is far beyond what is taken for an
/// attack elsewhere, and whoever passes a directory trusts it.
fn yaml(text: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: usize::MAX,
            max_events: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
        },
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())
}
