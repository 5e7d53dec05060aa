//! Kubeconfig files, complete in themselves: no path points out of them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::pki::{self, Pair};

/// One context, named after the hub, so that several hubs can be merged into one file.
pub(crate) fn write(
    path: &Path,
    hub: &str,
    url: &str,
    authority: &str,
    user: &str,
    pair: &Pair,
) -> Result<()> {
    let user = format!("{user}@{hub}");
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": hub,
        "clusters": [{
            "name": hub,
            "cluster": {
                "server": url,
                "certificate-authority-data": BASE64_STANDARD.encode(authority),
            },
        }],
        "users": [{
            "name": user,
            "user": {
                "client-certificate-data": BASE64_STANDARD.encode(&pair.cert),
                "client-key-data": BASE64_STANDARD.encode(&pair.key),
            },
        }],
        "contexts": [{ "name": hub, "context": { "cluster": hub, "user": user } }],
    });
    save(path, &config)
}

/// The same API server, for whoever has a token.
pub(crate) fn with_token(from: &Path, into: &Path, token: &str) -> Result<()> {
    let mut config = read(from)?;
    config["users"][0]["user"] = json!({ "token": token });
    save(into, &config)
}

fn read(path: &Path) -> Result<Value> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} was not written by the test bed", path.display()))
}

fn save(path: &Path, config: &Value) -> Result<()> {
    // JSON is YAML, and needs no care about quoting.
    pki::write(path, &serde_json::to_string_pretty(config)?)
}

/// Write one kubeconfig with the contexts of several, the first one current.
pub fn merge(files: &[PathBuf], into: &Path) -> Result<()> {
    let mut merged: Option<Value> = None;
    for file in files {
        let one = read(file)?;
        let Some(all) = &mut merged else {
            merged = Some(one);
            continue;
        };
        for list in ["clusters", "users", "contexts"] {
            let more = one[list].as_array().cloned().unwrap_or_default();
            all[list]
                .as_array_mut()
                .context("a kubeconfig without lists")?
                .extend(more);
        }
    }
    save(into, &merged.context("no kubeconfig to merge")?)
}
