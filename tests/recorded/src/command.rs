//! A `kubectl` command of a recording, as the reviews an API server would make of it.

use crate::object::{NAMESPACE, guarded_kind, name, text};
use crate::view::View;
use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::backup_schedule::BackupSchedule;
use acm_backup_domain::kinds::restore::Restore;
use acm_backup_domain::rules::review::{Operation, Origin, Review, Subject};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

/// Who types where the command names nobody.
const ADMIN: &str = "kubernetes-admin";

/// What a command does to a Restore or a BackupSchedule.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// The manifest laid over what is there.
    Apply(Value),
    /// A new object.
    Create(Value),
    /// The manifest in the place of what is there.
    Replace(Value),
    /// A merge patch.
    Merge(Value),
    /// A JSON patch.
    Json(Value),
    /// Gone.
    Delete,
}

/// One command.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// The hub it was typed at.
    pub hub: String,
    /// The kind it writes.
    pub kind: &'static str,
    /// The object; none for all of the kind.
    pub name: Option<String>,
    /// What it does.
    pub write: Write,
    /// Nothing is stored.
    pub dry_run: bool,
    /// Who asks.
    pub user: String,
}

impl Command {
    /// Reads `[hub] $ kubectl …`; none where it writes nothing that the guard judges.
    ///
    /// # Errors
    /// When it writes such a thing in a way that is not understood.
    pub fn read(step: &str) -> Result<Option<Self>> {
        let Some((hub, line)) = step
            .strip_prefix('[')
            .and_then(|rest| rest.split_once("] $ kubectl "))
        else {
            return Ok(None);
        };
        let (line, manifest) = match line.split_once("<<<") {
            Some((line, manifest)) => (line, Some(manifest.trim())),
            None => (line, None),
        };
        let words = words(line).with_context(|| format!("cannot split {line}"))?;
        let flags = Flags::of(&words);
        let Some((verb, target)) = flags.plain.split_first() else {
            return Ok(None);
        };
        if !matches!(
            *verb,
            "apply" | "create" | "replace" | "patch" | "annotate" | "label" | "edit" | "delete"
        ) {
            return Ok(None);
        }
        let manifest = match manifest {
            Some(text) if !text.contains("cluster.open-cluster-management.io/") => return Ok(None),
            Some(text) => Some(
                serde_json::from_str::<Value>(text)
                    .with_context(|| format!("the manifest is not whole: {text}"))?,
            ),
            None => None,
        };
        let kind = match &manifest {
            Some(manifest) => text(manifest, "/kind"),
            None => target.first().copied().unwrap_or_default(),
        };
        let Some(kind) = guarded_kind(kind) else {
            return Ok(None);
        };
        let name = match &manifest {
            Some(manifest) => Some(name(manifest).to_owned()),
            None => target.get(1).map(|name| (*name).to_owned()),
        };
        Ok(Some(Self {
            hub: hub.to_owned(),
            kind,
            name,
            write: write(verb, manifest, &flags, target)?,
            dry_run: flags.dry_run,
            user: flags.user.unwrap_or(ADMIN).to_owned(),
        }))
    }

    /// The reviews of it: one for each object it writes. `uid` is what a new object is stored under.
    ///
    /// # Errors
    /// When it cannot be applied to what is stored.
    pub fn reviews(&self, view: &View, uid: &str) -> Result<Vec<Review>> {
        let names = match &self.name {
            Some(name) => vec![name.clone()],
            None => view.stored_names(self.kind),
        };
        names
            .iter()
            .map(|name| self.review(view.stored(self.kind, name), uid))
            .collect()
    }

    fn review(&self, stored: Option<&Value>, uid: &str) -> Result<Review> {
        let operation = match (&self.write, stored) {
            (Write::Delete, _) => Operation::Delete,
            (_, Some(_)) => Operation::Update,
            (_, None) => Operation::Create,
        };
        let object = self.outcome(stored, uid)?;
        Ok(Review {
            operation,
            subject: subject(self.kind, &object),
            previous: stored.map(|stored| subject(self.kind, stored)),
            origin: Origin::Admission {
                user: self.user.clone(),
                dry_run: self.dry_run,
            },
            by_operator: false,
        })
    }

    /// The object as it would be stored.
    ///
    /// # Errors
    /// When it cannot be applied to what is stored.
    pub fn outcome(&self, stored: Option<&Value>, uid: &str) -> Result<Value> {
        let there = || stored.context("there is nothing to change");
        let mut object = match (&self.write, stored) {
            (Write::Create(_), Some(_)) => bail!("it is there already"),
            (Write::Create(manifest), None) | (Write::Apply(manifest), None) => {
                let mut object = manifest.clone();
                json_patch::merge(
                    &mut object,
                    &json!({"metadata": {"namespace": NAMESPACE, "uid": uid, "generation": 1}}),
                );
                object
            }
            (Write::Apply(manifest) | Write::Merge(manifest), Some(stored)) => {
                let mut object = stored.clone();
                json_patch::merge(&mut object, manifest);
                object
            }
            (Write::Replace(manifest), Some(stored)) => {
                let mut object = manifest.clone();
                let kept = ["uid", "creationTimestamp", "generation"]
                    .into_iter()
                    .filter_map(|key| Some((key, stored.pointer(&format!("/metadata/{key}"))?)))
                    .map(|(key, value)| (key.to_owned(), value.clone()))
                    .collect::<serde_json::Map<_, _>>();
                let status = stored.get("status");
                json_patch::merge(&mut object, &json!({"metadata": kept, "status": status}));
                object
            }
            (Write::Json(patch), _) => {
                let mut object = there()?.clone();
                let patch: json_patch::Patch = serde_json::from_value(patch.clone())?;
                json_patch::patch(&mut object, &patch)?;
                object
            }
            (Write::Delete, _) => there()?.clone(),
            (Write::Merge(_) | Write::Replace(_), None) => bail!("there is nothing to change"),
        };
        if let Some(stored) = stored.filter(|stored| stored.get("spec") != object.get("spec")) {
            let generation = stored
                .pointer("/metadata/generation")
                .and_then(Value::as_i64)
                .unwrap_or_default();
            json_patch::merge(
                &mut object,
                &json!({"metadata": {"generation": generation + 1}}),
            );
        }
        Ok(object)
    }
}

fn subject(kind: &str, object: &Value) -> Subject {
    if kind == "Restore" {
        Subject::Restore(Restore::read(object))
    } else {
        Subject::BackupSchedule(BackupSchedule::read(object))
    }
}

fn write(verb: &str, manifest: Option<Value>, flags: &Flags<'_>, target: &[&str]) -> Result<Write> {
    let patch = || -> Result<Value> {
        let text = flags.patch.context("there is no patch")?;
        serde_json::from_str(text).with_context(|| format!("patch {text}"))
    };
    Ok(match (verb, manifest) {
        ("apply", Some(manifest)) => Write::Apply(manifest),
        ("create", Some(manifest)) => Write::Create(manifest),
        ("replace", Some(manifest)) => Write::Replace(manifest),
        ("patch", None) if flags.kind == Some("merge") => Write::Merge(patch()?),
        ("patch", None) if flags.kind == Some("json") => Write::Json(patch()?),
        ("annotate", None) => {
            let annotations = target
                .iter()
                .skip(2)
                .map(|pair| pair.split_once('=').context("not KEY=VALUE"))
                .map(|pair| pair.map(|(key, value)| (key.to_owned(), json!(value))))
                .collect::<Result<serde_json::Map<_, _>>>()?;
            ensure!(!annotations.is_empty(), "nothing is annotated");
            Write::Merge(json!({"metadata": {"annotations": annotations}}))
        }
        ("delete", None) => Write::Delete,
        (verb, _) => bail!("{verb} is not understood"),
    })
}

/// The words of a command by what they are.
#[derive(Default)]
struct Flags<'a> {
    plain: Vec<&'a str>,
    patch: Option<&'a str>,
    kind: Option<&'a str>,
    user: Option<&'a str>,
    dry_run: bool,
}

impl<'a> Flags<'a> {
    fn of(words: &'a [String]) -> Self {
        let mut flags = Self::default();
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) if word.starts_with("--") => (flag, Some(value)),
                _ => (word, None),
            };
            match flag {
                "-n" | "--namespace" | "-f" | "--filename" => {
                    let _ = value.or_else(|| words.next());
                }
                "-p" | "--patch" => flags.patch = value.or_else(|| words.next()),
                "--type" => flags.kind = value.or_else(|| words.next()),
                "--as" => flags.user = value.or_else(|| words.next()),
                "--dry-run" => flags.dry_run = value == Some("server"),
                flag if flag.starts_with('-') => {}
                _ => flags.plain.push(word),
            }
        }
        flags
    }
}

/// Words as a shell takes them, single quotes included.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            letter if letter.is_whitespace() && !quoted => words.extend(word.take()),
            letter => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    (!quoted).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_read_with_its_flags() {
        let command = Command::read(
            "[hub2] $ kubectl -n ns patch crst sync --type merge --dry-run=server -p '{\"spec\": {\"a\": \"b c\"}}' --as alice",
        );
        let command = command.unwrap().unwrap();
        assert_eq!((command.hub.as_str(), command.kind), ("hub2", "Restore"));
        assert_eq!(command.name.as_deref(), Some("sync"));
        assert!(command.dry_run);
        assert_eq!(command.user, "alice");
        assert_eq!(command.write, Write::Merge(json!({"spec": {"a": "b c"}})));
    }

    #[test]
    fn what_the_guard_does_not_judge_is_none() {
        for step in [
            "base",
            "[hub2] $ kubectl -n ns get crst",
            "[hub2] $ kubectl delete managedclusters --all",
            "[hub2] $ kubectl apply -f -   <<< {\"apiVersion\": \"v1\", \"kind\": \"Secret\"}",
            "[hub2] $ kubectl create clusterrole x --resource=restores.cluster.open-cluster-management.io",
        ] {
            assert_eq!(Command::read(step).unwrap(), None, "{step}");
        }
    }

    #[test]
    fn a_manifest_that_is_cut_off_is_an_error() {
        let step = "[hub2] $ kubectl apply -f -   <<< {\"apiVersion\": \"cluster.open-cluster-management.io/v1beta1\", \"kind\": \"Rest";
        assert!(Command::read(step).is_err());
    }

    #[test]
    fn replace_keeps_what_is_not_the_writers() {
        let command = Command::read(
            "[hub2] $ kubectl replace -f -   <<< {\"apiVersion\": \"cluster.open-cluster-management.io/v1beta1\", \"kind\": \"Restore\", \"metadata\": {\"name\": \"a\"}, \"spec\": {\"x\": 2}}",
        );
        let stored = json!({"metadata": {"name": "a", "uid": "u", "generation": 3, "annotations": {"k": "v"}}, "spec": {"x": 1}, "status": {"phase": "Enabled"}});
        let outcome = command
            .unwrap()
            .unwrap()
            .outcome(Some(&stored), "new")
            .unwrap();
        assert_eq!(outcome["metadata"]["uid"], "u");
        assert_eq!(outcome["metadata"]["generation"], 4);
        assert_eq!(outcome["metadata"].get("annotations"), None);
        assert_eq!(outcome["spec"]["x"], 2);
        assert_eq!(outcome["status"]["phase"], "Enabled");
    }
}
