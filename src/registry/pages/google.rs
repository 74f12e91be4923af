//! What Google's registries tell beside a list of tags: digest, size and dates of every manifest.
//!
//! `{"manifest": {"sha256:…": {"imageSizeBytes": "1234", "timeCreatedMs": "1700000000000",
//! "timeUploadedMs": "…", "mediaType": "…", "tag": ["1", "latest"]}}}`. Numbers are decimal
//! strings; sizes of indexes and dates of reproducible builds are `"0"`, dates even negative. Every
//! member is optional, and anything else counts as missing.

use std::fmt;

use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Sink;
use crate::oci::reference::Digest;

/// The member of the document.
pub(super) const MEMBER: &str = "manifest";
/// Dates up to this one, 1980-01-01, are those that reproducible builds write.
const FIRST_CREDIBLE_MS: i64 = 315_619_200_000;
/// The most that is read of what a list says about one manifest.
const MAX_MANIFEST: usize = 256 * 1024;

/// A manifest as the list tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Its digest.
    pub digest: Digest,
    /// The compressed size in bytes; `None` for an index.
    pub size: Option<u64>,
    /// When the image was made, else when it was pushed.
    pub created: Option<Timestamp>,
    /// Its tags; they may be none.
    pub tags: Vec<String>,
}

impl Listed {
    /// Reads an entry. `None`: its key is not a digest that can be checked.
    fn read(digest: &str, about: &Value) -> Option<Self> {
        let number = |member: &str| about.get(member)?.as_str()?.parse::<i64>().ok();
        let time = |member: &str| {
            let millis = number(member).filter(|millis| *millis >= FIRST_CREDIBLE_MS)?;
            Timestamp::from_millisecond(millis).ok()
        };
        let size = number("imageSizeBytes").and_then(|size| u64::try_from(size).ok());
        let tags = about.get("tag").and_then(Value::as_array).into_iter().flatten();
        Some(Listed {
            digest: digest.parse().ok()?,
            size: size.filter(|size| *size > 0),
            created: time("timeCreatedMs").or_else(|| time("timeUploadedMs")),
            tags: tags.filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
        })
    }
}

/// Reads the member entry by entry and passes each on.
pub(super) struct Manifests<'a, 's>(pub(super) &'a mut (dyn Sink + 's));

impl<'de> DeserializeSeed<'de> for Manifests<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// A map of manifests, or anything else, which is passed over.
impl<'de> Visitor<'de> for Manifests<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a map of manifests")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((digest, text)) = map.next_entry::<String, Box<RawValue>>()? {
            let text = Some(text.get()).filter(|text| text.len() <= MAX_MANIFEST);
            let about = text.and_then(|text| serde_json::from_str(text).ok());
            if let Some(listed) = about.and_then(|about| Listed::read(&digest, &about)) {
                self.0.manifest(listed);
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::Error;
    use std::ops::ControlFlow;

    #[derive(Default)]
    struct Kept(Vec<Listed>);

    impl Sink for Kept {
        fn entry(&mut self, _: &str) -> Result<ControlFlow<()>, Error> {
            Ok(ControlFlow::Continue(()))
        }

        fn rewind(&mut self, _: usize) -> bool {
            true
        }

        fn manifest(&mut self, listed: Listed) {
            self.0.push(listed);
        }
    }

    fn read(member: &Value) -> Vec<Listed> {
        let mut kept = Kept::default();
        let text = member.to_string();
        Manifests(&mut kept).deserialize(&mut serde_json::Deserializer::from_str(&text)).unwrap();
        kept.0
    }

    #[test]
    fn members_that_make_sense_are_kept() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let about = |size: &str, created: &str, uploaded: &str| {
            let about = json!({
                "imageSizeBytes": size, "timeCreatedMs": created, "timeUploadedMs": uploaded,
                "tag": ["1", 7, "latest"],
            });
            read(&json!({ digest.clone(): about })).remove(0)
        };
        let time = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let whole = about("1234", "1700000000000", "1700000001000");
        assert_eq!((whole.size, whole.created), (Some(1234), time("2023-11-14T22:13:20Z")));
        assert_eq!(whole.tags, ["1", "latest"]);
        for created in ["0", "-62135596800000", "315532800000", "x", "99999999999999999"] {
            let odd = about("0", created, "1700000001000");
            assert_eq!((odd.size, odd.created), (None, time("2023-11-14T22:13:21Z")), "{created}");
        }
        assert_eq!(about("-5", "0", "").created, None);
        let bare = read(&json!({ digest: {} })).remove(0);
        assert_eq!((bare.size, bare.created, bare.tags.len()), (None, None, 0));
    }

    #[test]
    fn other_shapes_are_passed_over() {
        for odd in [json!(null), json!([1]), json!("x"), json!(7), json!({"sha256:short": {}})] {
            assert_eq!(read(&odd), [], "{odd}");
        }
    }
}
