//! Reading a hub into a [`World`].

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::future::try_join_all;
use jiff::Timestamp;
use kube::api::{Api, ApiResource, DynamicObject, ListParams};
use kube::discovery::{ApiCapabilities, Discovery};
use kube::{Client, core::GroupVersionKind};
use serde_json::{Value, json};

use crate::kinds::Kind;
use crate::object::ObjectName;
use crate::world::{OfferedKind, World};

/// How old the discovery may be; the operator repeats it on every pass.
const DISCOVERY_AGE: Duration = Duration::from_secs(2);

/// The names of a kind, for the client.
pub fn api_resource(kind: Kind) -> ApiResource {
    let api = kind.api();
    ApiResource::from_gvk_with_plural(
        &GroupVersionKind::gvk(api.group, api.version, api.kind),
        api.plural,
    )
}

/// A hub's API server, and what it offers.
pub struct Hub {
    pub(super) client: Client,
    discovered: Option<Instant>,
    pub(super) resources: Vec<(ApiResource, ApiCapabilities)>,
    kinds: BTreeMap<Kind, ApiResource>,
}

impl Hub {
    /// A hub that was not read yet.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            discovered: None,
            resources: Vec::new(),
            kinds: BTreeMap::new(),
        }
    }

    /// Everything a pass sees, now.
    ///
    /// # Errors
    /// Whatever the API server answers.
    pub async fn read(&mut self) -> Result<World> {
        self.discover().await.context("discovery")?;
        let mut world = World::default();
        world.now = Timestamp::now();
        world.offered = self.offered();
        let lists = self
            .kinds
            .iter()
            .filter(|(kind, _)| **kind != Kind::Event)
            .map(|(kind, resource)| async {
                let api: Api<DynamicObject> = Api::all_with(self.client.clone(), resource);
                match api.list(&ListParams::default()).await {
                    Ok(list) => Ok((*kind, list.items)),
                    // The kind went away since discovery.
                    Err(kube::Error::Api(status)) if status.code == 404 => Ok((*kind, Vec::new())),
                    Err(error) => {
                        Err(anyhow::Error::new(error)
                            .context(format!("list of {}", resource.plural)))
                    }
                }
            });
        for (kind, objects) in try_join_all(lists).await? {
            for object in objects {
                world.put(untyped(kind, &object)?);
            }
        }
        Ok(world)
    }

    async fn discover(&mut self) -> Result<()> {
        if self
            .discovered
            .is_some_and(|done| done.elapsed() < DISCOVERY_AGE)
        {
            return Ok(());
        }
        let discovery = Discovery::new(self.client.clone()).run_aggregated().await?;
        self.resources = discovery
            .groups_alphabetical()
            .into_iter()
            .flat_map(kube::discovery::ApiGroup::resources_by_stability)
            .collect();
        self.kinds = Kind::ALL
            .iter()
            .filter_map(|kind| {
                let api = kind.api();
                let offered = |(resource, _): &&(ApiResource, ApiCapabilities)| {
                    resource.group == api.group && resource.kind == api.kind
                };
                // The version this stand-in speaks, or else the one there is.
                let mut offered = self
                    .resources
                    .iter()
                    .filter(offered)
                    .map(|(resource, _)| resource);
                let ours = offered
                    .clone()
                    .find(|resource| resource.version == api.version);
                Some((*kind, ours.or_else(|| offered.next())?.clone()))
            })
            .collect();
        self.discovered = Some(Instant::now());
        Ok(())
    }

    fn offered(&self) -> Vec<OfferedKind> {
        self.resources
            .iter()
            .map(|(resource, _)| OfferedKind {
                group: resource.group.clone(),
                kind: resource.kind.clone(),
            })
            .collect()
    }

    /// The client for one kind in one namespace; `None` where the API server does not offer it.
    pub(super) fn api(&self, kind: Kind, at: &ObjectName) -> Option<Api<DynamicObject>> {
        let resource = self.kinds.get(&kind)?;
        Some(if kind.api().namespaced {
            Api::namespaced_with(self.client.clone(), &at.namespace, resource)
        } else {
            Api::all_with(self.client.clone(), resource)
        })
    }

    /// `apiVersion` under which the API server takes a kind.
    pub(super) fn api_version(&self, kind: Kind) -> Option<&str> {
        self.kinds
            .get(&kind)
            .map(|resource| resource.api_version.as_str())
    }
}

/// As JSON, with the names this stand-in knows the kind by (lists leave them out, or say another version).
///
/// # Errors
/// None in practice: what came as JSON goes back to it.
pub fn untyped(kind: Kind, object: &DynamicObject) -> Result<Value> {
    let mut value = serde_json::to_value(object)?;
    value["apiVersion"] = json!(kind.api().api_version());
    value["kind"] = json!(kind.api().kind);
    Ok(value)
}
