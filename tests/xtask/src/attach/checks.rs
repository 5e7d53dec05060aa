//! What has to be so before anything is changed: each with its own words.

use super::target::Target;
use super::{ATTACHED_BY, NAMESPACE};
use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use std::path::Path;

/// The oldest minor version our configurations work on (matchConditions are final since then).
const OLDEST_MINOR: u32 = 30;

/// What installing takes: group, resource, verb.
const RIGHTS: [(&str, &str, &str); 8] = [
    ("", "namespaces", "create"),
    ("", "services", "create"),
    ("", "serviceaccounts/token", "create"),
    ("apps", "deployments", "create"),
    (
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        "create",
    ),
    ("rbac.authorization.k8s.io", "clusterroles", "create"),
    (
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
        "create",
    ),
    (
        "admissionregistration.k8s.io",
        "validatingwebhookconfigurations",
        "create",
    ),
];

/// All of them, the cheapest first.
pub async fn all(target: &Target) -> Result<()> {
    target.must_be_here()?;
    let client = target.client().await?;
    version(target, &client).await?;
    crds(target, &client).await?;
    rights(target, &client).await?;
    not_attached_by_another(target).await
}

async fn version(target: &Target, client: &Client) -> Result<()> {
    let server = &target.server;
    let version = match client.apiserver_version().await {
        Ok(version) => version,
        Err(kube::Error::Api(status)) if status.code == 401 => {
            bail!(
                "{server} does not accept the credentials of context {}",
                target.context
            )
        }
        Err(kube::Error::Api(status)) => bail!("{server} refuses to say its version: {status}"),
        Err(error) => {
            // The layers in between repeat themselves; the innermost names the reason.
            let error = anyhow::Error::from(error);
            bail!("no API server answers at {server}: {}", error.root_cause());
        }
    };
    let minor = version
        .minor
        .trim_end_matches(|c: char| !c.is_ascii_digit());
    ensure!(
        minor
            .parse::<u32>()
            .is_ok_and(|minor| minor >= OLDEST_MINOR),
        "{server} is Kubernetes {}.{}; the webhook needs 1.{OLDEST_MINOR} or later",
        version.major,
        version.minor
    );
    Ok(())
}

async fn crds(target: &Target, client: &Client) -> Result<()> {
    let group = "cluster.open-cluster-management.io/v1beta1";
    let served = match client.list_api_group_resources(group).await {
        Ok(list) => list.resources,
        Err(kube::Error::Api(status)) if status.code == 404 => Vec::new(),
        Err(error) => return Err(error).with_context(|| format!("cannot ask for {group}")),
    };
    let missing: Vec<&str> = ["restores", "backupschedules"]
        .into_iter()
        .filter(|name| !served.iter().any(|resource| resource.name == *name))
        .collect();
    ensure!(
        missing.is_empty(),
        "{} serves no {} of {group}, which the webhook guards; install them first: kubectl --kubeconfig {} --context {} apply -f {}",
        target.server,
        missing.join(" and no "),
        target.kubeconfig.display(),
        target.context,
        crate::root().join("crds").display()
    );
    Ok(())
}

async fn rights(target: &Target, client: &Client) -> Result<()> {
    let reviews: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let mut refused = Vec::new();
    for (group, resource, verb) in RIGHTS {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    group: Some(group.to_owned()),
                    resource: Some(resource.to_owned()),
                    subresource: Some(subresource.to_owned()),
                    verb: Some(verb.to_owned()),
                    ..ResourceAttributes::default()
                }),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let answer = reviews.create(&PostParams::default(), &review).await;
        let answer = answer.context("cannot ask what this user may do")?;
        if !answer.status.is_some_and(|status| status.allowed) {
            refused.push(match subresource {
                "" => format!("{verb} {resource}"),
                _ => format!("{verb} {resource}/{subresource}"),
            });
        }
    }
    ensure!(
        refused.is_empty(),
        "the user of context {} may not {}; installing a webhook takes an administrator of the cluster",
        target.context,
        refused.join(", ")
    );
    Ok(())
}

/// Fails when a webhook is installed here by others, or attached by a process that still runs.
pub async fn not_attached_by_another(target: &Target) -> Result<()> {
    let client = target.client().await?;
    match marked(&client).await? {
        Some(janitor) if runs(&janitor) => bail!(
            "a webhook is attached to {} already: its process {janitor} still runs, or is removing it",
            target.server
        ),
        Some(_) => Ok(()),
        None => {
            let configurations: Api<ValidatingWebhookConfiguration> = Api::all(client);
            let ours = ListParams::default().labels("app.kubernetes.io/part-of=acm-backup");
            let installed = configurations.list(&ours).await;
            let installed = installed.context("cannot look for an installed webhook")?;
            ensure!(
                installed.items.is_empty(),
                "acm-backup is installed on {}, and attaching would replace it; uninstall it first",
                target.server
            );
            Ok(())
        }
    }
}

/// Whether an attached webhook is there though nobody runs it.
pub async fn left_behind(target: &Target) -> Result<bool> {
    let marked = marked(&target.client().await?).await?;
    Ok(marked.is_some_and(|janitor| !runs(&janitor)))
}

/// Makes the namespace, marked as attached.
pub async fn mark(target: &Target, janitor: u32) -> Result<()> {
    let namespaces: Api<Namespace> = Api::all(target.client().await?);
    let namespace = serde_json::json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": NAMESPACE, "annotations": { ATTACHED_BY: janitor.to_string() } },
    });
    let params = PatchParams::apply("acm-backup-attach").force();
    namespaces
        .patch(NAMESPACE, &params, &Patch::Apply(namespace))
        .await
        .with_context(|| format!("cannot create namespace {NAMESPACE}"))?;
    Ok(())
}

/// Process id of the janitor, where a webhook is attached.
async fn marked(client: &Client) -> Result<Option<String>> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace = namespaces.get_opt(NAMESPACE).await;
    let namespace = namespace.with_context(|| format!("cannot look for namespace {NAMESPACE}"))?;
    let annotations = namespace.and_then(|namespace| namespace.metadata.annotations);
    Ok(annotations.and_then(|mut all| all.remove(ATTACHED_BY)))
}

/// Whether a process with this id runs and is a janitor: ids are used again.
fn runs(janitor: &str) -> bool {
    let line = std::fs::read(Path::new("/proc").join(janitor).join("cmdline"));
    let line = line.unwrap_or_default();
    line.split(|byte| *byte == 0)
        .any(|word| word == super::janitor::FLAG.as_bytes())
}
