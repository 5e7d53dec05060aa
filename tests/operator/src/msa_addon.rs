//! The ManagedServiceAccount add-on, as far as a hub sees it: for every account a token Secret appears, and
//! the account's status says how long the token lives.

use std::time::Duration;

use acm_backup_domain::time::GoDuration;
use acm_backup_domain::upstream::object_label;
use base64::Engine as _;
use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::{Value, json};
use tracing::{debug, info, warn};

use crate::kinds::Kind;
use crate::live::{api_resource, untyped};
use crate::object::{ObjectName, name, namespace, stamp, text, time};

/// What the add-on does for one account.
#[derive(Clone, Debug, PartialEq)]
pub struct Issued {
    /// The token Secret.
    pub secret: Value,
    /// The account's new status.
    pub status: Value,
}

/// Issues a token if the account has none that is valid. `secret` is the Secret of its name, if any.
pub fn issue(account: &Value, secret: Option<&Value>, now: Timestamp) -> Option<Issued> {
    let expires = time(account, "/status/expirationTimestamp");
    let has_token = secret.is_some_and(|secret| !text(secret, "/data/token").is_empty());
    if has_token && expires.is_some_and(|expires| expires > now) {
        return None;
    }
    let validity: GoDuration = text(account, "/spec/rotation/validity")
        .parse()
        .unwrap_or(GoDuration::ZERO);
    let token = format!(
        "token of {}/{} issued {}",
        namespace(account),
        name(account),
        stamp(now)
    );
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    Some(Issued {
        secret: json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name(account),
                "namespace": namespace(account),
                "labels": {object_label::MANAGED_SERVICE_ACCOUNT: "true"},
            },
            "type": "Opaque",
            "data": {"ca.crt": encode("not a certificate"), "token": encode(&token)},
        }),
        status: json!({
            "conditions": [],
            "expirationTimestamp": stamp(now + SignedDuration::from(validity)),
            "tokenSecretRef": {"name": name(account), "lastRefreshTimestamp": stamp(now)},
        }),
    })
}

/// Plays the add-on until the process ends.
pub async fn run(client: Client) {
    let config = || watcher::Config::default().timeout(30);
    let labelled = config().labels(&format!("{}=true", object_label::MANAGED_SERVICE_ACCOUNT));
    let watches = [
        (Kind::ManagedServiceAccount, config()),
        (Kind::Secret, labelled),
    ]
    .map(|(kind, config)| {
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &api_resource(kind));
        watcher(api, config).default_backoff().boxed()
    });
    let mut events = stream::select_all(watches);
    while let Some(event) = events.next().await {
        let object = match event {
            Ok(
                watcher::Event::Apply(object)
                | watcher::Event::InitApply(object)
                | watcher::Event::Delete(object),
            ) => object,
            Ok(_) => continue,
            Err(error) => {
                debug!("watch of accounts and tokens: {error}");
                continue;
            }
        };
        let namespace = object.metadata.namespace.unwrap_or_default();
        let at = ObjectName::new(&namespace, &object.metadata.name.unwrap_or_default());
        if let Err(error) = tokio::time::timeout(Duration::from_secs(30), serve(&client, &at))
            .await
            .unwrap_or(Ok(()))
        {
            warn!(namespace = %at.namespace, name = %at.name, "token: {error:#}");
        }
    }
}

async fn serve(client: &Client, at: &ObjectName) -> anyhow::Result<()> {
    let api = |kind| -> Api<DynamicObject> {
        Api::namespaced_with(client.clone(), &at.namespace, &api_resource(kind))
    };
    let accounts = api(Kind::ManagedServiceAccount);
    let secrets = api(Kind::Secret);
    let Some(account) = accounts.get_opt(&at.name).await? else {
        return Ok(());
    };
    let account = untyped(Kind::ManagedServiceAccount, &account)?;
    if account.pointer("/metadata/deletionTimestamp").is_some() {
        return Ok(());
    }
    let secret = match secrets.get_opt(&at.name).await? {
        Some(secret) => Some(untyped(Kind::Secret, &secret)?),
        None => None,
    };
    let Some(issued) = issue(&account, secret.as_ref(), Timestamp::now()) else {
        return Ok(());
    };
    info!(namespace = %at.namespace, name = %at.name, "token issued");
    if secret.is_some() {
        secrets
            .patch(
                &at.name,
                &PatchParams::default(),
                &Patch::Merge(&issued.secret),
            )
            .await?;
    } else {
        let secret: DynamicObject = serde_json::from_value(issued.secret)?;
        secrets.create(&PostParams::default(), &secret).await?;
    }
    let patch = Patch::Merge(json!({"status": issued.status}));
    accounts
        .patch_status(&at.name, &PatchParams::default(), &patch)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-22T15:32:27Z";

    fn account(status: Value) -> Value {
        json!({
            "kind": "ManagedServiceAccount",
            "metadata": {"name": "auto-import-account", "namespace": "imported1"},
            "spec": {"rotation": {"enabled": true, "validity": "4h0m0s"}},
            "status": status,
        })
    }

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    #[test]
    fn a_new_account_gets_a_token_and_a_status() {
        let issued = issue(&account(json!({})), None, now()).unwrap();
        assert_eq!(issued.status["expirationTimestamp"], "2026-11-22T19:32:27Z");
        assert_eq!(issued.status["tokenSecretRef"]["lastRefreshTimestamp"], NOW);
        assert_eq!(
            issued.secret["metadata"]["labels"][object_label::MANAGED_SERVICE_ACCOUNT],
            "true"
        );
    }

    #[test]
    fn a_valid_token_is_left_alone_and_an_expired_or_lost_one_is_not() {
        let issued = issue(&account(json!({})), None, now()).unwrap();
        let account = account(issued.status);
        assert_eq!(issue(&account, Some(&issued.secret), now()), None);
        assert!(issue(&account, None, now()).is_some());
        assert!(
            issue(
                &account,
                Some(&issued.secret),
                now() + SignedDuration::from_hours(5)
            )
            .is_some()
        );
    }
}
