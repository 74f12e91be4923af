//! Docker's old manifest, schema 1: the config is scattered over the history, and the digest leaves
//! the signatures out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::document::entries;
use super::json::Json;
use super::{AnyDigest, ImageConfig, ManifestError};

/// A schema 1 manifest. Its lists begin with the newest layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema1 {
    /// The repository that the manifest was made for.
    pub name: String,
    /// The tag that the manifest was made for.
    pub tag: String,
    /// The architecture.
    pub architecture: String,
    /// The layers' digests, newest first.
    pub fs_layers: Vec<AnyDigest>,
    /// The `v1Compatibility` texts, JSON documents themselves, newest first.
    pub history: Vec<String>,
    /// Whether the document has signatures.
    pub signed: bool,
}

impl Schema1 {
    /// Reads a schema 1 manifest. Of a signed one only the signed part counts: what a server writes
    /// beside it is not covered by the digest.
    pub(super) fn parse(body: &Json, bytes: &[u8]) -> Result<Self, ManifestError> {
        if entries(body, "signatures")?.is_empty() {
            return Self::read(body, false);
        }
        Self::read(&Json::parse(&payload(body, bytes)?)?, true)
    }

    fn read(body: &Json, signed: bool) -> Result<Self, ManifestError> {
        let text = |member| {
            body.get(member).map(|json| json.and_then(Json::text).unwrap_or_default().to_owned())
        };
        let member = |json: &Json, list, name: &str| match json.get(name)?.and_then(Json::text) {
            Some(text) => Ok(text.to_owned()),
            None => Err(ManifestError::Malformed(list)),
        };
        Ok(Schema1 {
            name: text("name")?,
            tag: text("tag")?,
            architecture: text("architecture")?,
            fs_layers: entries(body, "fsLayers")?
                .iter()
                .map(|json| Ok(AnyDigest::from(member(json, "fsLayers", "blobSum")?.as_str())))
                .collect::<Result<_, ManifestError>>()?,
            history: entries(body, "history")?
                .iter()
                .map(|json| member(json, "history", "v1Compatibility"))
                .collect::<Result<_, ManifestError>>()?,
            signed,
        })
    }

    /// The image's config as the newest history entry tells it. `None` when there is none or it is no
    /// JSON object.
    pub fn config(&self) -> Option<ImageConfig> {
        ImageConfig::from_schema1(&self.history, &self.architecture)
    }
}

/// The signed bytes of a signed schema 1 manifest, which its digest is made of.
///
/// Each signature says, in its protected header, how many bytes of the document to take
/// (`formatLength`) and which to append (`formatTail`); all have to say the same.
pub fn schema1_payload(bytes: &[u8]) -> Result<Vec<u8>, ManifestError> {
    payload(&Json::parse(bytes)?, bytes)
}

fn payload(body: &Json, bytes: &[u8]) -> Result<Vec<u8>, ManifestError> {
    let mut agreed = None;
    for signature in entries(body, "signatures")? {
        let format = format(signature)?;
        match &agreed {
            Some(other) if *other != format => {
                return Err(ManifestError::Signature("the signatures differ in what they sign"));
            }
            _ => agreed = Some(format),
        }
    }
    let (length, tail) = agreed.ok_or(ManifestError::Signature("no signature"))?;
    let start = usize::try_from(length).ok().and_then(|length| bytes.get(..length));
    let start = start.ok_or(ManifestError::Signature("formatLength exceeds the document"))?;
    Ok([start, &tail].concat())
}

/// `formatLength` and the decoded `formatTail` of one signature.
fn format(signature: &Json) -> Result<(u64, Vec<u8>), ManifestError> {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
    let protected = signature.get("protected")?.and_then(Json::text).and_then(decode);
    let protected = protected.ok_or(ManifestError::Signature("no protected header"))?;
    let header = Json::parse(&protected)
        .map_err(|_| ManifestError::Signature("the protected header is not JSON"))?;
    let length = header.get("formatLength")?.and_then(Json::integer);
    let tail = header.get("formatTail")?.and_then(Json::text).and_then(decode);
    Ok((
        length.ok_or(ManifestError::Signature("no formatLength"))?,
        tail.ok_or(ManifestError::Signature("no formatTail"))?,
    ))
}
