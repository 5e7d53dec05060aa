//! Which file holds what.

use super::DirectoryError;
use super::file::{self, Found};
use super::filed::{self, Filed};
use acm_backup_domain::snapshot::Missing;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const NAMESPACES: &str = "namespaces";

/// Where cluster-scoped kinds are: `oc adm inspect` and must-gather have the first, `kubectl gather` the second.
const CLUSTER_SCOPED: [&str; 2] = ["cluster-scoped-resources", "cluster"];

/// OADP's must-gather has the folders of clusters in one of this name.
const CLUSTERS: &str = "clusters";

/// What is in the namespace of a managed cluster, and in no other.
const OF_CLUSTERS: [&str; 2] = [
    "addon.open-cluster-management.io/managedclusteraddons",
    "internal.open-cluster-management.io/managedclusterinfos",
];

const SUFFIXES: [&str; 3] = ["yaml", "yml", "json"];

/// No timestamp file is read beyond this; must-gather's has two lines for each of a few hundred runs.
const LARGEST_TIMESTAMP: u64 = 1024 * 1024;

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
        let below = folders(path).map_err(unreadable)?;
        let roots: Vec<_> = if is_root(path) {
            vec![path.to_owned()]
        } else {
            below.into_iter().filter(|child| is_root(child)).collect()
        };
        let tree = Self {
            path: path.to_owned(),
            roots,
        };
        if tree.roots.is_empty() {
            let deeper = super::hubs::deeper(path);
            return Err(if deeper.is_empty() {
                DirectoryError::NotAHub(path.to_owned())
            } else {
                DirectoryError::Deeper {
                    path: path.to_owned(),
                    found: super::hubs::listed(path, &deeper),
                }
            });
        }
        super::hubs::is_one(path, &tree.roots)?;
        Ok(tree)
    }

    /// The directory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the timestamp files say: each root's own, else the one above them.
    pub(super) fn timestamps(&self) -> Vec<String> {
        self.roots
            .iter()
            .filter_map(|root| timestamp(root).or_else(|| timestamp(&self.path)))
            .collect()
    }

    /// What the timestamp file says that has one begin and one end for each time that the directory was filled; empty
    /// without. Within must-gather's folders it has those of every command that an image runs.
    pub(super) fn outermost_timestamp(&self) -> String {
        let of_an_image = |path: &Path| {
            path.file_name().is_some_and(|name| name == CLUSTERS)
                || entries(path).is_ok_and(|all| all.iter().any(|entry| is_of_must_gather(entry)))
        };
        let path = self.path.canonicalize().ok();
        let above = path.as_deref().and_then(Path::parent);
        // Whoever points at the folder of an image has all that was filled into it, whenever that was.
        let outermost = match above {
            Some(above) if of_an_image(above) => None,
            Some(above) if is_there(&above.join("timestamp")) => Some(above),
            _ => Some(self.path.as_path()).filter(|path| !of_an_image(path)),
        };
        outermost.and_then(timestamp).unwrap_or_default()
    }

    /// The namespaces that hold at least one file of these kinds.
    pub(super) fn namespaces_with(&self, kinds: &[Filed]) -> Vec<String> {
        let mut names: Vec<_> = self
            .roots
            .iter()
            .flat_map(|root| folders(&root.join(NAMESPACES)).unwrap_or_default())
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .filter(|name| kinds.iter().any(|kind| !self.files(kind, name).is_empty()))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// The namespaces of managed clusters: what only such a namespace holds was collected of them.
    pub(super) fn of_clusters(&self) -> BTreeSet<String> {
        let holds = |namespace: &Path| {
            OF_CLUSTERS
                .iter()
                .any(|kind| entries(&namespace.join(kind)).is_ok_and(|files| !files.is_empty()))
        };
        self.roots
            .iter()
            .flat_map(|root| folders(&root.join(NAMESPACES)).unwrap_or_default())
            .filter(|namespace| holds(namespace))
            .filter_map(|namespace| Some(namespace.file_name()?.to_str()?.to_owned()))
            .collect()
    }

    /// Whether the namespace of a cluster was being deleted, or all that tells that it is one's: the API server keeps
    /// both for as long as somebody has to tidy up.
    pub(super) fn is_going(&self, namespace: &str) -> bool {
        let deleted = |object: &Value| object.pointer("/metadata/deletionTimestamp").is_some();
        let going = |object: &Value| {
            deleted(object) || text(object, "/status/phase") == Some("Terminating")
        };
        if self.namespace(namespace).is_ok_and(|object| going(&object)) {
            return true;
        }
        let files: Vec<_> = (self.roots.iter())
            .map(|root| root.join(NAMESPACES).join(namespace))
            .flat_map(|folder| OF_CLUSTERS.map(|kind| folder.join(kind)))
            .flat_map(|folder| entries(&folder).unwrap_or_default())
            .collect();
        !files.is_empty()
            && files
                .iter()
                .all(|file| file::value(file).is_ok_and(|object| deleted(&object)))
    }

    /// What is in it, for a sentence: the namespaces, each with the groups it was collected of.
    pub(super) fn told(&self) -> String {
        const MOST: usize = 3;
        let name = |path: &PathBuf| Some(path.file_name()?.to_str()?.to_owned());
        let mut all = Vec::new();
        for namespace in self
            .roots
            .iter()
            .flat_map(|root| folders(&root.join(NAMESPACES)).unwrap_or_default())
        {
            let groups: Vec<_> = folders(&namespace)
                .unwrap_or_default()
                .iter()
                .filter_map(name)
                .take(MOST)
                .collect();
            if let Some(namespace) = name(&namespace) {
                all.push(format!("namespace {namespace} ({})", groups.join(", ")));
            }
        }
        match all.len() {
            0 => "no namespace".to_owned(),
            1..=MOST => all.join(", "),
            number => format!("{number} namespaces"),
        }
    }

    /// All objects of a kind, of those collected twice the last state. Missing where no file is for it, or any of them
    /// cannot be read as a whole: what stands in the others would be taken for all there is.
    pub(super) fn objects(&self, kind: &Filed, namespace: &str) -> Result<Found, Missing> {
        let name = || kind.resource.name.to_owned();
        let files = self.files(kind, namespace);
        if files.is_empty() {
            return Err(Missing::NotCollected {
                resource: name(),
                namespace: kind.resource.scope(namespace),
            });
        }
        let (mut once, mut broken) = (Once::default(), Vec::new());
        let mut alone = false;
        for file in files {
            let found = match is_wrapped(&file) {
                true => Err("it was packed, or has not come whole: unpack it".to_owned()),
                false => file::objects(&file, kind),
            };
            match found.and_then(|found| of_its_name(&file, found)) {
                Ok(found) => {
                    alone |= found.alone;
                    found
                        .objects
                        .into_iter()
                        .for_each(|object| once.add(object));
                }
                Err(why) => broken.push((file, why)),
            }
        }
        match broken.split_first() {
            None => Ok(Found {
                objects: once.objects,
                alone,
                twice: once.twice.map(|name| {
                    format!(
                        "{} {name} is there twice, with two uids",
                        kind.resource.name
                    )
                }),
            }),
            Some(((file, why), others)) => Err(Missing::BrokenFile {
                resource: name(),
                file: self.told_path(file),
                why: match others.len() {
                    0 => why.clone(),
                    1 => format!("{why} (and one more file of them)"),
                    more => format!("{why} (and {more} more files of them)"),
                },
            }),
        }
    }

    /// The cluster-scoped object that has a file of its own, by its name. A broken one is only missing: it is
    /// asked for what makes a text better, not for what a judgement rests on.
    pub(super) fn object(&self, kind: &Filed, name: &str) -> Result<Value, Missing> {
        let missing = || Missing::NotCollected {
            resource: kind.resource.name.to_owned(),
            namespace: None,
        };
        self.roots
            .iter()
            .flat_map(|root| places(root, kind, ""))
            .flat_map(|folder| SUFFIXES.map(|suffix| folder.join(format!("{name}.{suffix}"))))
            .filter_map(|file| file::objects(&file, kind).ok())
            .flat_map(|found| found.objects)
            .find(|object| object.pointer("/metadata/name").and_then(Value::as_str) == Some(name))
            .ok_or_else(missing)
    }

    /// The namespace itself, from the file `oc adm inspect` puts in its folder. Whoever collects a namespace collects
    /// what is in it too: where that is here, the file was. One kind alone may have been asked for by its name.
    pub(super) fn namespace(&self, name: &str) -> Result<Value, Missing> {
        const KIND: Filed = filed::NAMESPACES;
        let folders = || {
            self.roots
                .iter()
                .map(|root| root.join(NAMESPACES).join(name))
        };
        let broken = |file: &Path, why: String| Missing::BrokenFile {
            resource: KIND.resource.name.to_owned(),
            file: self.told_path(file),
            why,
        };
        let files = folders()
            .flat_map(|folder| SUFFIXES.map(|suffix| folder.join(format!("{name}.{suffix}"))))
            .filter(|file| is_there(file));
        for file in files {
            let found = file::objects(&file, &KIND).map_err(|why| broken(&file, why))?;
            let named = |object: &Value| {
                object.pointer("/metadata/name").and_then(Value::as_str) == Some(name)
            };
            if let Some(object) = found.objects.into_iter().find(named) {
                return Ok(object);
            }
        }
        match folders().find(|folder| was_collected(folder)) {
            Some(folder) => Err(broken(
                &folder.join(format!("{name}.yaml")),
                "it is gone, though what is in the namespace was collected".to_owned(),
            )),
            None => Err(Missing::NotCollected {
                resource: KIND.resource.name.to_owned(),
                namespace: None,
            }),
        }
    }

    fn told_path(&self, file: &Path) -> String {
        let below = file.strip_prefix(&self.path).unwrap_or(file);
        below.display().to_string()
    }

    fn files(&self, kind: &Filed, namespace: &str) -> Vec<PathBuf> {
        self.roots
            .iter()
            .flat_map(|root| files(root, kind, namespace))
            .collect()
    }
}

/// Objects by their names; of one that was collected more than once the last state.
#[derive(Default)]
struct Once {
    objects: Vec<Value>,
    places: HashMap<String, usize>,
    twice: Option<String>,
}

impl Once {
    fn add(&mut self, object: Value) {
        let name = text(&object, "/metadata/name")
            .unwrap_or_default()
            .to_owned();
        let there = (self.places.get(&name)).and_then(|place| self.objects.get_mut(*place));
        let Some(there) = there else {
            self.places.insert(name, self.objects.len());
            self.objects.push(object);
            return;
        };
        let uid = |object| text(object, "/metadata/uid");
        if uid(there).zip(uid(&object)).is_some_and(|(a, b)| a != b) {
            self.twice.get_or_insert(name);
        }
        // An API server counts up.
        let state = |object| {
            text(object, "/metadata/resourceVersion")?
                .parse::<u128>()
                .ok()
        };
        if state(&object) > state(there) {
            *there = object;
        }
    }
}

/// What is in a file, unless it is one object that another file is called after: whatever this file is called after was
/// overwritten then.
fn of_its_name(file: &Path, found: Found) -> Result<Found, String> {
    let name = (found.objects.first()).and_then(|object| text(object, "/metadata/name"));
    let (Some(name), true) = (name, found.alone) else {
        return Ok(found);
    };
    let named = SUFFIXES.map(|suffix| file.with_file_name(format!("{name}.{suffix}")));
    match named
        .iter()
        .find(|other| is_there(other) && !named.contains(&file.to_owned()))
    {
        Some(other) => Err(format!(
            "it holds {name}, as {} does",
            other.file_name().unwrap_or_default().to_string_lossy()
        )),
        None => Ok(found),
    }
}

fn text<'a>(object: &'a Value, path: &str) -> Option<&'a str> {
    object.pointer(path).and_then(Value::as_str)
}

/// Whether a namespace was collected as one: that leaves many lists beside each other.
fn was_collected(folder: &Path) -> bool {
    const MANY: usize = 3;
    let lists = entries(&folder.join("core")).unwrap_or_default();
    lists.iter().filter(|file| is_of_objects(file)).count() >= MANY
}

/// Whether it is a file that the script of a must-gather image leaves, and `oc adm inspect` does not.
fn is_of_must_gather(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name == "version" || name.starts_with("gather") && file.is_file()
}

/// Whether a folder is what one collection of one hub leaves.
pub(super) fn is_root(folder: &Path) -> bool {
    folder.join(NAMESPACES).is_dir() || folder.join(CLUSTER_SCOPED[0]).is_dir()
}

/// The ids that the ClusterVersions of a root tell.
pub(super) fn ids(root: &Path) -> BTreeSet<String> {
    files(root, &filed::CLUSTER_VERSIONS, "")
        .iter()
        .filter_map(|file| file::objects(file, &filed::CLUSTER_VERSIONS).ok())
        .flat_map(|found| found.objects)
        .filter_map(|version| Some(version.pointer("/spec/clusterID")?.as_str()?.to_owned()))
        .collect()
}

/// What a folder's `timestamp` says, where there is one that can be read.
pub(super) fn timestamp(folder: &Path) -> Option<String> {
    file::text(&folder.join("timestamp"), LARGEST_TIMESTAMP).ok()
}

/// Where a root may have a kind's folder, its list beside it.
fn places(root: &Path, kind: &Filed, namespace: &str) -> Vec<PathBuf> {
    let group = match kind.resource.group() {
        "" => "core",
        group => group,
    };
    let scopes = match kind.resource.namespaced {
        true => vec![root.join(NAMESPACES).join(namespace)],
        false => CLUSTER_SCOPED.map(|folder| root.join(folder)).to_vec(),
    };
    scopes
        .into_iter()
        .map(|scope| scope.join(group).join(kind.resource.plural()))
        .collect()
}

/// `<group>/<resource>.yaml` holds a list, `<group>/<resource>/<name>.yaml` one object, or a list as well. What is
/// there and is no file is among them: it is told when it is read.
fn files(root: &Path, kind: &Filed, namespace: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in places(root, kind, namespace) {
        files.extend(
            SUFFIXES
                .iter()
                .map(|suffix| folder.with_file_name(format!("{}.{suffix}", kind.resource.plural())))
                .filter(|file| is_there(file)),
        );
        match entries(&folder) {
            Ok(entries) => files.extend(
                entries
                    .into_iter()
                    .filter(|file| is_of_objects(file) || is_wrapped(file)),
            ),
            Err(_) if is_there(&folder) => files.push(folder),
            Err(_) => {}
        }
    }
    files
}

/// Whether it is a file of objects, by its name.
fn is_of_objects(file: &Path) -> bool {
    file.extension().is_some_and(|suffix| {
        SUFFIXES
            .iter()
            .any(|known| suffix.eq_ignore_ascii_case(known))
    })
}

/// Whether something was put behind the name of such a file: it was packed (`a.yaml.gz`), or is the part of it that has
/// come so far (`a.yaml.part`).
fn is_wrapped(file: &Path) -> bool {
    file.file_stem()
        .is_some_and(|stem| is_of_objects(Path::new(stem)))
}

/// Whether anything has this name, or nobody may see whether.
fn is_there(path: &Path) -> bool {
    match fs::symlink_metadata(path) {
        Ok(_) => true,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// What a folder holds, in the order of names; but what begins with a dot, which macOS puts beside each file.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

/// The folders in a folder, in the order of names.
pub(super) fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = entries(folder)?;
    paths.retain(|path| path.is_dir());
    Ok(paths)
}
