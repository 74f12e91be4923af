//! Certificate files: the profile's, the command line's, and the directories of docker and podman.
//!
//! docker and podman look into `certs.d/HOST[:PORT]/` for `*.crt` (more authorities) and pairs of
//! `NAME.cert` and `NAME.key` (our certificate for that registry). Whoever set that up for them
//! finds it working here.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::error::Error;
use crate::http::tls::{self, TlsSettings};
use crate::system::env::Env;
use crate::system::files;

#[cfg(test)]
mod tests;

/// Adds the certificates of a PEM file to those that are trusted.
///
/// # Errors
/// The file cannot be read, or holds no certificate.
pub(crate) fn add_authorities(settings: &mut TlsSettings, path: &Path) -> Result<(), Error> {
    settings.extra_roots.extend(some_certificates(path)?);
    Ok(())
}

/// Sets the certificate that is shown to a registry which asks for one, in the place of others.
///
/// # Errors
/// A file that cannot be read, or holds no certificate or no usable key; a key of another
/// certificate.
pub(crate) fn set_client(settings: &mut TlsSettings, cert: &Path, key: &Path) -> Result<(), Error> {
    settings.clients = vec![Arc::new(read_client(cert, key)?)];
    Ok(())
}

/// The places where `certs.d` directories are, the most preferred one first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directories(Vec<PathBuf>);

impl Directories {
    /// The user's own (podman's, then those of docker's rootless engine and of Docker Desktop),
    /// then the system's.
    pub(crate) fn from_env(env: &Env) -> Self {
        let mut bases = Vec::new();
        if let Some(home) = env.home() {
            bases.push(home.join(".config/containers/certs.d"));
            bases.push(home.join(".config/docker/certs.d"));
            bases.push(home.join(".docker/certs.d"));
        }
        if let Some(config) = env.path("XDG_CONFIG_HOME").filter(|path| path.is_absolute()) {
            bases.push(config.join("docker/certs.d"));
        }
        match env.path("ProgramData").filter(|_| cfg!(windows)) {
            Some(data) => bases.push(data.join("docker").join("certs.d")),
            None => {
                bases.push(PathBuf::from("/etc/containers/certs.d"));
                bases.push(PathBuf::from("/etc/docker/certs.d"));
            }
        }
        Directories(bases)
    }

    /// Adds what they hold for a host: authorities and client certificates. `true`: there was a
    /// directory for it. `host` is as the user writes it, its port included or left out.
    ///
    /// The first directory that exists is taken and no other, as podman does.
    ///
    /// # Errors
    /// A client certificate without its key, or the other way round, as with docker; files that
    /// cannot be read.
    pub(crate) fn add_to(&self, settings: &mut TlsSettings, host: &str) -> Result<bool, Error> {
        let Some(files) = self.files(host) else { return Ok(false) };
        add_crt_files(settings, &files)?;
        add_client_pairs(settings, &files)?;
        Ok(true)
    }

    /// Settings for a host that a registry names: its authorities, and nothing that identifies us.
    ///
    /// # Errors
    /// Files that cannot be read.
    pub(crate) fn authorities_of(&self, host: &str) -> Result<TlsSettings, Error> {
        let directory = self.place(host);
        let mut settings = TlsSettings { directory, ..TlsSettings::default() };
        if let Some(files) = self.files(host) {
            add_crt_files(&mut settings, &files)?;
        }
        Ok(settings)
    }

    /// Where a host's authorities are looked up, or would be: for hints.
    pub(crate) fn place(&self, host: &str) -> Option<String> {
        let place = self.existing(host).or_else(|| Some(self.0.last()?.join(file_name(host))));
        place.map(|path| path.display().to_string())
    }

    fn existing(&self, host: &str) -> Option<PathBuf> {
        let name = file_name(host);
        self.0.iter().map(|base| base.join(&name)).find(|path| path.is_dir())
    }

    /// The files of a host's directory, sorted; none if there is no directory that can be read.
    fn files(&self, host: &str) -> Option<Vec<PathBuf>> {
        let entries = fs::read_dir(self.existing(host)?).ok()?;
        let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        files.sort();
        Some(files)
    }
}

/// Windows allows no colon in a file's name; docker leaves it out there.
fn file_name(host: &str) -> String {
    if cfg!(windows) { host.replace(':', "") } else { host.to_owned() }
}

fn has_extension(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|found| found == extension)
}

fn add_crt_files(settings: &mut TlsSettings, files: &[PathBuf]) -> Result<(), Error> {
    for file in files.iter().filter(|file| has_extension(file, "crt")) {
        // As docker does it: what is not a certificate is passed over.
        settings.extra_roots.extend(read_certificates(file)?.unwrap_or_default());
    }
    Ok(())
}

fn add_client_pairs(settings: &mut TlsSettings, files: &[PathBuf]) -> Result<(), Error> {
    let has = |path: &Path| files.iter().any(|file| file == path);
    for file in files {
        let (cert, key) = (file.with_extension("cert"), file.with_extension("key"));
        if *file == cert && !has(&key) {
            let why = format!("its key {} is missing", key.display());
            return Err(unusable(file, &why, "CA certificates need the extension .crt"));
        }
        if *file == key && !has(&cert) {
            let why = format!("its client certificate {} is missing", cert.display());
            return Err(unusable(file, &why, "add it, or remove the key"));
        }
        if *file == cert {
            settings.clients.push(Arc::new(read_client(&cert, &key)?));
        }
    }
    Ok(())
}

fn read_client(cert: &Path, key: &Path) -> Result<CertifiedKey, Error> {
    let chain = some_certificates(cert)?;
    let bytes = files::read_or_stream(key).map_err(|source| unreadable(key, source))?;
    let parsed = PrivateKeyDer::from_pem_slice(&bytes);
    // PKCS#8 says so in its label, the older forms in a header.
    if bytes.windows(9).any(|part| part == b"ENCRYPTED") {
        let hint = format!("decrypt it: openssl pkey -in {} -out client.key", key.display());
        return Err(unusable(key, "the private key is encrypted", &hint));
    }
    let parsed = parsed.map_err(|_| {
        unusable(key, "no private key in this file", "pass a PEM file with the key")
    })?;
    tls::client_identity(chain, parsed).map_err(|why| {
        let hint = format!("pass the key that belongs to {}", cert.display());
        unusable(key, &why, &hint)
    })
}

fn some_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found = read_certificates(path)?;
    let found = found.ok_or_else(|| {
        unusable(path, "not a PEM file", "convert it: openssl x509 -inform der -in FILE")
    })?;
    if found.is_empty() {
        return Err(unusable(path, "no certificate in this file", "pass a PEM file"));
    }
    Ok(found)
}

/// The certificates of a PEM file; `None` if it is broken.
fn read_certificates(path: &Path) -> Result<Option<Vec<CertificateDer<'static>>>, Error> {
    let bytes = files::read_or_stream(path).map_err(|source| unreadable(path, source))?;
    Ok(CertificateDer::pem_slice_iter(&bytes).collect::<Result<_, _>>().ok())
}

/// A wrong path is a mistake of the command line or of the configuration.
fn unreadable(path: &Path, source: io::Error) -> Error {
    let why = match source.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => source.to_string(),
    };
    unusable(path, &why, "check the path and the file's permissions")
}

fn unusable(path: &Path, why: &str, hint: &str) -> Error {
    Error::Config { message: format!("{}: {why}", path.display()), hint: hint.to_owned() }
}
