//! Deletion of Restores and of the operator's InternalHubComponent (operator-facts §2.4, since 2.14).

use serde_json::{Value, json};

use crate::kinds::Kind;
use crate::object::{self, is_deleting, list, name};
use crate::version::Version;
use crate::world::World;
use crate::write::{Again, Pass, Write};

const FINALIZER: &str = "restores.cluster.open-cluster-management.io/finalizer";
const COMPONENT: &str = "cluster-backup";

fn finalizers(object: &Value) -> Vec<&str> {
    list(object, "/metadata/finalizers")
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

fn with_finalizer(kind: Kind, object: &Value) -> Option<Write> {
    let mut all = finalizers(object);
    (!all.contains(&FINALIZER)).then(|| {
        all.push(FINALIZER);
        Write::patch(kind, object, json!({"metadata": {"finalizers": all}}))
    })
}

fn without_finalizer(kind: Kind, object: &Value) -> Option<Write> {
    let mut all = finalizers(object);
    all.contains(&FINALIZER).then(|| {
        all.retain(|finalizer| *finalizer != FINALIZER);
        Write::patch(kind, object, json!({"metadata": {"finalizers": all}}))
    })
}

/// What the finalizers ask for first; `Err` is a pass that ends there.
pub fn handle(world: &World, restore: &Value, version: Version) -> Result<Vec<Write>, Pass> {
    if !version.has_finalizers() {
        return if is_deleting(restore) {
            Err(Pass::default())
        } else {
            Ok(Vec::new())
        };
    }
    if is_deleting(restore) {
        return Err(delete(world, restore));
    }
    let Some(component) = world
        .all(Kind::InternalHubComponent)
        .find(|component| name(component) == COMPONENT)
    else {
        return Ok(Vec::new());
    };
    if is_deleting(component) {
        let restores = world.within(Kind::AcmRestore, object::namespace(restore));
        let writes = restores
            .map(|restore| Write::delete(Kind::AcmRestore, restore))
            .collect();
        return Err(Pass {
            writes,
            again: Some(Again::Waiting),
        });
    }
    let component = with_finalizer(Kind::InternalHubComponent, component);
    Ok(component
        .into_iter()
        .chain(with_finalizer(Kind::AcmRestore, restore))
        .collect())
}

fn delete(world: &World, restore: &Value) -> Pass {
    let owned = world.owned(Kind::VeleroRestore, restore);
    if !owned.is_empty() {
        let gone = owned.into_iter().filter(|velero| !is_deleting(velero));
        let writes = gone
            .map(|velero| Write::delete(Kind::VeleroRestore, velero))
            .collect();
        return Pass {
            writes,
            again: Some(Again::Waiting),
        };
    }
    let mut writes: Vec<Write> = without_finalizer(Kind::AcmRestore, restore)
        .into_iter()
        .collect();
    let others = world
        .all(Kind::AcmRestore)
        .any(|other| object::uid(other) != object::uid(restore));
    if !others {
        let deleting = world
            .all(Kind::InternalHubComponent)
            .filter(|component| is_deleting(component));
        writes.extend(
            deleting
                .filter_map(|component| without_finalizer(Kind::InternalHubComponent, component)),
        );
    }
    Pass {
        writes,
        again: None,
    }
}
