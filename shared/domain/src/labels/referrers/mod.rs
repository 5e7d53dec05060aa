//! What refers to Secrets and ConfigMaps: one referring kind a file, each with a table of every reference its
//! schema has, as labelled or left out.

mod cluster_deployment;
mod cluster_pool;
#[cfg(test)]
mod tests;

use super::value::LabelValue;
use crate::kinds::meta::Meta;
use crate::read::Reader;
use jiff::Timestamp;
use serde_json::Value;
use std::borrow::Cow;

/// What can be labelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Labelled {
    /// A Secret.
    Secret,
    /// A ConfigMap; none of them says itself what it is.
    ConfigMap,
}

impl Labelled {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Secret, Self::ConfigMap];

    /// Kind, for texts.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::ConfigMap => "ConfigMap",
        }
    }

    /// Plural, for paths.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Secret => "secrets",
            Self::ConfigMap => "configmaps",
        }
    }
}

/// A kind that refers to them, always within its own namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReferrerKind {
    /// Hive ClusterDeployment: one cluster.
    ClusterDeployment,
    /// Hive ClusterPool: what new clusters are made from.
    ClusterPool,
}

impl ReferrerKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::ClusterDeployment, Self::ClusterPool];

    /// Kind, for texts.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::ClusterDeployment => "ClusterDeployment",
            Self::ClusterPool => "ClusterPool",
        }
    }

    /// Every reference its schema has.
    #[must_use]
    pub const fn table(self) -> &'static [Row] {
        match self {
            Self::ClusterDeployment => &cluster_deployment::REFERENCES,
            Self::ClusterPool => &cluster_pool::REFERENCES,
        }
    }
}

/// What is done about what a reference names.
pub enum Treatment {
    /// A Secret that is labelled.
    Secret(LabelValue),
    /// A ConfigMap that is labelled.
    ConfigMap(LabelValue),
    /// Left alone, and why.
    LeftOut(&'static str),
}

/// Where a reference stands (`[]` for every item of a list, `*` for every key), and what is done about it.
pub struct Row(
    /// The field, without the `name` in it.
    pub &'static str,
    /// What becomes of what it names.
    pub Treatment,
);

/// A Secret or ConfigMap that is named by something else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// What it is.
    pub what: Labelled,
    /// Its name.
    pub name: Box<str>,
    /// Value its backup label gets.
    pub value: LabelValue,
    /// The field that names it.
    pub field: Cow<'static, str>,
}

/// An object as far as it refers to Secrets and ConfigMaps.
#[derive(Clone, Debug, PartialEq)]
pub struct Referrer {
    /// Its kind.
    pub kind: ReferrerKind,
    /// Its namespace, which is that of all it refers to.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// When this API server stored it.
    pub created: Option<Timestamp>,
    /// Every Secret of the namespace whose name begins with its own belongs to it: so it is with a pool, and
    /// with a cluster that came from one (operator-facts §4.2).
    pub claims_prefix: bool,
    /// What it names.
    pub references: Box<[Reference]>,
}

impl Referrer {
    /// Reads an object of that kind.
    #[must_use]
    pub fn read(kind: ReferrerKind, object: &Value) -> Self {
        let mut reader = Reader::new(object);
        let meta = Meta::read(&mut reader);
        let claims_prefix = match kind {
            ReferrerKind::ClusterDeployment => reader.value("spec.clusterPoolRef").is_some(),
            ReferrerKind::ClusterPool => true,
        };
        let references = kind
            .table()
            .iter()
            .flat_map(|Row(path, treatment)| {
                let (what, value) = match treatment {
                    Treatment::Secret(value) => (Labelled::Secret, *value),
                    Treatment::ConfigMap(value) => (Labelled::ConfigMap, *value),
                    Treatment::LeftOut(_) => return Vec::new(),
                };
                let mut named = Vec::new();
                follow(object, path, Cow::Borrowed(""), &mut named);
                named
                    .into_iter()
                    .map(|(name, field)| Reference {
                        what,
                        name: name.into(),
                        value,
                        // Most paths hold no choice: those need no text of their own.
                        field: match field == *path {
                            true => Cow::Borrowed(*path),
                            false => field,
                        },
                    })
                    .collect()
            })
            .collect();
        Self {
            kind,
            namespace: meta.namespace,
            name: meta.name,
            created: meta.created,
            claims_prefix,
            references,
        }
    }
}

/// Follows the rest of a path from a value, and notes the names it ends at with the way that was taken.
fn follow<'a>(
    value: &'a Value,
    rest: &str,
    way: Cow<'static, str>,
    named: &mut Vec<(&'a str, Cow<'static, str>)>,
) {
    let Some((step, rest)) = (match rest.split_once('.') {
        Some(parts) => Some(parts),
        None if rest.is_empty() => None,
        None => Some((rest, "")),
    }) else {
        let name = value.get("name").and_then(Value::as_str);
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            named.push((name, way));
        }
        return;
    };
    let on = |key: &str| -> Cow<'static, str> {
        match way.is_empty() {
            true => key.to_owned().into(),
            false => format!("{way}.{key}").into(),
        }
    };
    match (step, step.strip_suffix("[]")) {
        ("*", _) => {
            for (key, value) in value.as_object().into_iter().flatten() {
                follow(value, rest, on(key), named);
            }
        }
        (_, Some(list)) => {
            let items = value.get(list).and_then(Value::as_array);
            for (index, item) in items.into_iter().flatten().enumerate() {
                follow(item, rest, on(&format!("{list}[{index}]")), named);
            }
        }
        (_, None) => {
            if let Some(value) = value.get(step) {
                follow(value, rest, on(step), named);
            }
        }
    }
}
