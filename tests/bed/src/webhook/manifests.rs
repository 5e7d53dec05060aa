//! The manifests as shipped, with a certificate put where the overlay `own-certificate` wants one, and the name of
//! an image nobody ever pulls.

use std::ffi::OsString;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::pki::{self, Pair};
use crate::site::Site;
use crate::workspace;

const OVERLAY: &str = "overlays/own-certificate";
const CA: &str = "ca/ca.crt";

const IMAGE_FILE: &str = "workload/image.env";

/// No kubelet here pulls it.
const IMAGE: &str = "image=registry.test/acm-backup-webhook:none\n";

/// What is applied by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What runs; nothing calls it yet.
    Workload,
    /// The labels.
    Labels,
    /// The guards as they come: they only warn.
    Guards,
    /// The guards, armed.
    Deny,
}

impl Part {
    /// Its folder in an overlay.
    fn folder(self) -> &'static str {
        match self {
            Self::Workload => "workload",
            Self::Labels => "labels",
            Self::Guards => "guards",
            Self::Deny => "deny",
        }
    }
}

const CONFIGURATIONS: &str = "mutatingwebhookconfigurations,validatingwebhookconfigurations";

/// A copy of `manifests/`, ready to be applied.
pub(super) struct Manifests {
    dir: PathBuf,
    /// Called there instead of through the Service.
    url: Option<SocketAddr>,
}

impl Manifests {
    pub(super) fn copy(
        site: &Site,
        authority: &str,
        pair: &Pair,
        url: Option<SocketAddr>,
    ) -> Result<Self> {
        let dir = site.file("manifests");
        copy_dir(&workspace().join("manifests"), &dir)?;
        let manifests = Self { dir, url };
        manifests.write_certificate(authority, pair)?;
        pki::write(&manifests.dir.join(IMAGE_FILE), IMAGE)?;
        Ok(manifests)
    }

    /// The files the overlay makes the Secret and the caBundle from.
    pub(super) fn write_certificate(&self, authority: &str, pair: &Pair) -> Result<()> {
        let dir = self.dir.join(OVERLAY);
        pki::write(&dir.join(CA), authority)?;
        pair.write(&dir.join("workload"), "tls")
    }

    /// Applies these parts, in this order.
    pub(super) fn apply(&self, site: &Site, parts: &[Part]) -> Result<()> {
        parts
            .iter()
            .try_for_each(|part| self.kubectl(site, &["apply"], *part))
    }

    /// Configurations first, then the rest; what is gone already is fine.
    pub(super) fn delete(&self, site: &Site) -> Result<()> {
        delete(site, &self.dir, true)
    }

    fn kubectl(&self, site: &Site, verb: &[&str], part: Part) -> Result<()> {
        let overlay = self.dir.join(OVERLAY).join(part.folder());
        let mut args: Vec<OsString> = verb.iter().map(OsString::from).collect();
        match self.url {
            None => args.extend(["-k".into(), overlay.into()]),
            Some(url) => {
                let rendered = site.file("manifests.json");
                pki::write(&rendered, &render_for(url, site, &overlay)?)?;
                args.extend(["-f".into(), rendered.into()]);
            }
        }
        site.kubectl(&args)?.ok().map(drop)
    }
}

/// Removes what an earlier process applied, the configurations first. Does not wait for the namespace to be gone.
pub fn remove(site: &Site) -> Result<()> {
    let dir = site.file("manifests-to-remove");
    copy_dir(&workspace().join("manifests"), &dir)?;
    pki::write(&dir.join(IMAGE_FILE), IMAGE)?;
    delete(site, &dir, false)
}

fn delete(site: &Site, dir: &Path, wait: bool) -> Result<()> {
    let ours = [
        "delete",
        CONFIGURATIONS,
        "-l",
        "app.kubernetes.io/part-of=acm-backup",
    ];
    site.kubectl(&ours)?.ok()?;
    let wait = format!("--wait={wait}");
    for part in [Part::Guards, Part::Labels, Part::Workload] {
        let folder = dir.join(part.folder());
        let args: Vec<OsString> = ["delete", "--ignore-not-found", "--timeout=60s", &wait, "-k"]
            .into_iter()
            .map(OsString::from)
            .chain([folder.into()])
            .collect();
        site.kubectl(&args)?.ok()?;
    }
    Ok(())
}

/// The manifests as one `List`, with `url` for each Service in a configuration.
fn render_for(url: SocketAddr, site: &Site, overlay: &Path) -> Result<String> {
    let rendered = site
        .kubectl(&["kustomize".as_ref(), overlay.as_os_str()])?
        .ok()?;
    let mut objects: Vec<Value> = serde_saphyr::from_multiple(&rendered)?;
    for object in &mut objects {
        for webhook in object["webhooks"].as_array_mut().into_iter().flatten() {
            call_by_url(&mut webhook["clientConfig"], url);
        }
    }
    let list = serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": objects });
    Ok(list.to_string())
}

fn call_by_url(client: &mut Value, url: SocketAddr) {
    let Some(client) = client.as_object_mut() else {
        return;
    };
    let Some(service) = client.remove("service") else {
        return;
    };
    let path = service["path"].as_str().unwrap_or_default();
    client.insert("url".to_owned(), format!("https://{url}{path}").into());
}

/// Whether clusterIPs of this API server can be listened on: asked with a Service that is not stored.
pub(super) fn services_are_on_loopback(site: &Site) -> Result<bool> {
    let probe = "create service clusterip acm-backup-probe --tcp=8443 --namespace=default \
                 --dry-run=server -o jsonpath={.spec.clusterIP}";
    let args: Vec<&str> = probe.split_whitespace().collect();
    let ip = site
        .kubectl(&args)?
        .ok()
        .context("asking for the range of Services")?;
    Ok(ip.trim().parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
}

fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("{}", from.display()))? {
        let entry = entry?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_dir(&path, &copy)?;
        } else {
            fs::copy(&path, &copy).with_context(|| format!("{}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_service_becomes_the_url_of_its_path() {
        let mut client = json!({ "caBundle": "x", "service": { "name": "w", "path": "/mutate" } });
        call_by_url(&mut client, "127.40.1.1:8443".parse().unwrap());
        assert_eq!(
            client,
            json!({ "caBundle": "x", "url": "https://127.40.1.1:8443/mutate" })
        );
    }
}
