//! An archive read as an engine reads it: from the index down, every digest and size checked.

use super::archive::digest;
use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The image an archive holds.
pub struct Stored {
    /// Digest of the manifest: what `image@sha256:…` names.
    pub manifest_digest: String,
    /// In the words of OCI.
    pub architecture: String,
    /// The image's configuration.
    pub config: Value,
    layer: Vec<u8>,
}

/// Reads an archive. Fails on the first thing an engine would stumble over.
pub fn open(path: &Path) -> Result<Stored> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let files = files(&bytes)?;
    let layout: Value = serde_json::from_slice(file(&files, "oci-layout")?)?;
    ensure!(layout["imageLayoutVersion"] == "1.0.0", "layout {layout}");
    let index: Value = serde_json::from_slice(file(&files, "index.json")?)?;
    let entry = &index["manifests"][0];
    let manifest: Value = serde_json::from_slice(blob(&files, entry)?)?;
    let config: Value = serde_json::from_slice(blob(&files, &manifest["config"])?)?;
    let mut layer = Vec::new();
    GzDecoder::new(blob(&files, &manifest["layers"][0])?).read_to_end(&mut layer)?;
    ensure!(
        config["rootfs"]["diff_ids"] == serde_json::json!([digest(&layer)]),
        "the layer is not the one the configuration names"
    );
    ensure!(
        entry["platform"]["architecture"] == config["architecture"],
        "index and configuration name different platforms"
    );
    Ok(Stored {
        manifest_digest: text(&entry["digest"])?,
        architecture: text(&config["architecture"])?,
        config,
        layer,
    })
}

impl Stored {
    /// Takes one file of the layer out, into a directory.
    pub fn unpack(&self, path: &str, into: &Path) -> Result<PathBuf> {
        let mut layer = tar::Archive::new(&self.layer[..]);
        for entry in layer.entries()? {
            let mut entry = entry?;
            if entry.path()? == Path::new(path) {
                entry.unpack_in(into)?;
                return Ok(into.join(path));
            }
        }
        anyhow::bail!("the image holds no {path}")
    }

    /// Headers of the layer's entries, in their order.
    #[cfg(test)]
    pub fn entries(&self) -> Result<Vec<(String, tar::Header)>> {
        let mut layer = tar::Archive::new(&self.layer[..]);
        layer
            .entries()?
            .map(|entry| {
                let entry = entry?;
                let path = entry.path()?.to_string_lossy().into_owned();
                Ok((path, entry.header().clone()))
            })
            .collect()
    }
}

fn files(archive: &[u8]) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(archive).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let mut data = Vec::new();
        entry.read_to_end(&mut data)?;
        files.insert(path, data);
    }
    Ok(files)
}

fn file<'a>(files: &'a BTreeMap<String, Vec<u8>>, path: &str) -> Result<&'a [u8]> {
    let data = files.get(path);
    Ok(data.with_context(|| format!("the archive has no {path}"))?)
}

/// The blob a descriptor names, if it is what the descriptor says.
fn blob<'a>(files: &'a BTreeMap<String, Vec<u8>>, descriptor: &Value) -> Result<&'a [u8]> {
    let name = text(&descriptor["digest"])?;
    let data = file(files, &name.replace("sha256:", "blobs/sha256/"))?;
    ensure!(digest(data) == name, "{name} holds other bytes");
    ensure!(descriptor["size"] == data.len(), "{name} has another size");
    Ok(data)
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().context("a text is missing")?.to_owned())
}
