//! Certificate files: the profile's, the command line's, and the directories of docker and podman.
//!
//! docker and podman look into `certs.d/HOST[:PORT]/` for `*.crt` (more authorities) and pairs of
//! `NAME.cert` and `NAME.key` (our certificate for that registry). Whoever set that up for them
//! finds it working here.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::env::Env;
use crate::error::Error;
use crate::http::tls::TlsSettings;
use crate::reference::Registry;

/// Adds the certificates of a PEM file to those that are trusted.
///
/// # Errors
/// The file cannot be read, or holds no certificate.
pub fn add_authorities(settings: &mut TlsSettings, path: &Path) -> Result<(), Error> {
    let certificates = read_certificates(path)?;
    if certificates.is_empty() {
        return Err(unusable(path, "it holds no certificate", "give a PEM file"));
    }
    settings.extra_roots.extend(certificates);
    Ok(())
}

/// Sets the certificate that is shown to a registry which asks for one.
///
/// # Errors
/// A file that cannot be read, or holds no certificate or no key.
pub fn set_client(settings: &mut TlsSettings, cert: &Path, key: &Path) -> Result<(), Error> {
    let chain = read_certificates(cert)?;
    if chain.is_empty() {
        return Err(unusable(cert, "it holds no certificate", "give a PEM file"));
    }
    let bytes = fs::read(key).map_err(|source| unreadable(key, source))?;
    let key = PrivateKeyDer::from_pem_slice(&bytes)
        .map_err(|_| unusable(key, "it holds no private key", "give an unencrypted PEM file"))?;
    settings.client = Some((chain, key));
    Ok(())
}

/// Adds what the `certs.d` directories hold for a registry. `true`: there was such a directory.
///
/// The first directory that exists is taken, as podman does; docker's rootless one is among them.
/// Docker Hub has none, as with docker.
///
/// # Errors
/// A client certificate without its key, or the other way round, as with docker.
pub fn add_directory(
    settings: &mut TlsSettings,
    registry: &Registry,
    env: &Env,
) -> Result<bool, Error> {
    if registry.is_docker_hub() {
        return Ok(false);
    }
    let Some(directory) = bases(env)
        .into_iter()
        .map(|base| base.join(registry.as_str()))
        .find(|directory| directory.is_dir())
    else {
        return Ok(false);
    };
    let Ok(entries) = fs::read_dir(&directory) else { return Ok(false) };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let has = |path: &Path| files.iter().any(|file| file == path);
    for file in &files {
        match file.extension().and_then(|extension| extension.to_str()) {
            // As docker does it: what is no certificate is passed over.
            Some("crt") => {
                settings.extra_roots.extend(read_certificates(file).unwrap_or_default());
            }
            Some("cert") => {
                let key = file.with_extension("key");
                if !has(&key) {
                    let hint = "CA certificates must have the extension .crt";
                    return Err(unusable(file, "its key is missing", hint));
                }
                set_client(settings, file, &key)?;
            }
            Some("key") if !has(&file.with_extension("cert")) => {
                let hint = "put the certificate beside it, with the extension .cert";
                return Err(unusable(file, "its client certificate is missing", hint));
            }
            _ => {}
        }
    }
    Ok(true)
}

/// Where `certs.d` directories are, the user's own first.
fn bases(env: &Env) -> Vec<PathBuf> {
    let mut bases = Vec::new();
    if let Some(home) = env.home() {
        bases.push(home.join(".config/containers/certs.d"));
        bases.push(home.join(".config/docker/certs.d"));
    }
    if let Some(config) = env.path("XDG_CONFIG_HOME").filter(|path| path.is_absolute()) {
        bases.push(config.join("docker/certs.d"));
    }
    bases.push(PathBuf::from("/etc/containers/certs.d"));
    bases.push(PathBuf::from("/etc/docker/certs.d"));
    bases
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let bytes = fs::read(path).map_err(|source| unreadable(path, source))?;
    CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|_| unusable(path, "it is no PEM file", "convert it: openssl x509 -inform der"))
}

fn unreadable(path: &Path, source: io::Error) -> Error {
    Error::Io { what: path.display().to_string(), source }
}

fn unusable(path: &Path, why: &str, hint: &str) -> Error {
    Error::Config { message: format!("{}: {why}", path.display()), hint: hint.to_owned() }
}
