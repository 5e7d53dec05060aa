//! The import controller, as far as it keeps the namespaces of clusters: it marks the namespace of a
//! ManagedCluster, and deletes a marked one that has no ManagedCluster any more and holds nothing it waits for.
//!
//! A passive hub has no ManagedClusters, so whatever brings a marked namespace there brings one that is deleted
//! (ACM-9780).

use anyhow::Result;
use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, ResourceExt};
use serde_json::json;
use tracing::{debug, info, warn};

use crate::kinds::Kind;
use crate::live::api_resource;

/// What marks a cluster's namespace.
pub const MARK: &str = "cluster.open-cluster-management.io/managedCluster";

/// What it does to a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Mark it.
    Mark,
    /// Delete it.
    Delete,
}

/// What it sees of a namespace.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// It is marked.
    pub marked: bool,
    /// It is being deleted.
    pub deleting: bool,
    /// There is a ManagedCluster of its name.
    pub has_cluster: bool,
    /// Add-ons and ClusterDeployments in it: it waits for them to go.
    pub holds: usize,
}

/// What follows. The real one waits for InfraEnvs, hosted clusters and pods as well; hubs in tests have none.
pub fn decide(seen: Seen) -> Option<Step> {
    match (seen.marked, seen.has_cluster) {
        _ if seen.deleting => None,
        (false, true) => Some(Step::Mark),
        (true, false) if seen.holds == 0 => Some(Step::Delete),
        _ => None,
    }
}

/// Plays it until the process ends. As with the real one, a namespace that is made or changed, a cluster, an
/// add-on or a ClusterDeployment that goes make it look.
pub async fn run(client: Client) {
    let config = || watcher::Config::default().timeout(30);
    let of =
        |kind: Kind| -> Api<DynamicObject> { Api::all_with(client.clone(), &api_resource(kind)) };
    let clusters = watcher(of(Kind::ManagedCluster), config())
        .default_backoff()
        .map(|event| named(event, false));
    let inside = [Kind::ManagedClusterAddOn, Kind::ClusterDeployment].map(|kind| {
        watcher(of(kind), config())
            .default_backoff()
            .map(|event| named(event, true))
            .boxed()
    });
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespaces = watcher(namespaces, config())
        .default_backoff()
        .map(|event| named(event, false));
    let all = [namespaces.boxed(), clusters.boxed()]
        .into_iter()
        .chain(inside);
    let mut events = stream::select_all(all);
    while let Some(name) = events.next().await {
        let Some(name) = name else { continue };
        if let Err(error) = serve(&client, &name).await {
            warn!(%name, "namespace of a cluster: {error:#}");
        }
    }
}

fn named<K: ResourceExt>(
    event: watcher::Result<watcher::Event<K>>,
    by_namespace: bool,
) -> Option<String> {
    match event {
        Ok(
            watcher::Event::Apply(object)
            | watcher::Event::InitApply(object)
            | watcher::Event::Delete(object),
        ) => match by_namespace {
            true => object.namespace(),
            false => Some(object.name_any()),
        },
        Ok(_) => None,
        Err(error) => {
            debug!("watch of clusters and their namespaces: {error}");
            None
        }
    }
}

async fn serve(client: &Client, name: &str) -> Result<()> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let Some(namespace) = namespaces.get_opt(name).await? else {
        return Ok(());
    };
    let clusters: Api<DynamicObject> =
        Api::all_with(client.clone(), &api_resource(Kind::ManagedCluster));
    let mut holds = 0;
    for kind in [Kind::ManagedClusterAddOn, Kind::ClusterDeployment] {
        let api: Api<DynamicObject> =
            Api::namespaced_with(client.clone(), name, &api_resource(kind));
        holds += api.list(&ListParams::default()).await?.items.len();
    }
    let seen = Seen {
        marked: namespace.labels().contains_key(MARK),
        deleting: namespace.metadata.deletion_timestamp.is_some(),
        has_cluster: clusters.get_opt(name).await?.is_some(),
        holds,
    };
    match decide(seen) {
        None => {}
        Some(Step::Mark) => {
            let mark = json!({ "metadata": { "labels": { MARK: name } } });
            namespaces
                .patch(name, &PatchParams::default(), &Patch::Merge(&mark))
                .await?;
        }
        Some(Step::Delete) => {
            info!(%name, "the namespace of a cluster that is not there is deleted");
            namespaces.delete(name, &DeleteParams::default()).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_namespace_without_its_cluster_is_deleted_once_it_holds_nothing() {
        let marked = Seen {
            marked: true,
            ..Seen::default()
        };
        for (seen, expected) in [
            (marked, Some(Step::Delete)),
            (Seen { holds: 1, ..marked }, None),
            (
                Seen {
                    has_cluster: true,
                    ..marked
                },
                None,
            ),
            (
                Seen {
                    deleting: true,
                    ..marked
                },
                None,
            ),
            (
                Seen {
                    has_cluster: true,
                    ..Seen::default()
                },
                Some(Step::Mark),
            ),
            // A namespace like any other.
            (Seen::default(), None),
        ] {
            assert_eq!(decide(seen), expected, "{seen:?}");
        }
    }
}
