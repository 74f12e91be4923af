//! The ways in which the registry of the soak fails, and which request meets which.
//!
//! A `HEAD` is the registry's word: nothing can be checked without the bytes. So no fault lies
//! about the digest or the type in the answer to a `HEAD`; they withhold it, or break the
//! answer. All else that a fault says wrongly the client can find out.

use super::content::Ask;
use super::random::Random;
use crate::support::{Request, Response};

/// A way to fail, or an oddity that is no failure. Declared in groups, whose order matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    // The connection and the framing.
    HangUp,
    CutAnywhere,
    CutBody,
    Silence,
    HeaderThenSilence,
    Drip,
    SlowDrip,
    Noise,
    OpenBrackets,
    LongStatusLine,
    EndlessHeader,
    EndlessBody,
    Chunked,
    BadFraming,
    BodyAfterHead,
    Smuggled,
    // Statuses and texts.
    OddStatus,
    Busy,
    BusyForLong,
    BusyNoWait,
    HostileError,
    Echo,
    HostileHeaders,
    Html,
    DeepJson,
    Encoded,
    // Other places, and challenges that name them.
    ToTrap,
    ToMetadata,
    RealmOfTrap,
    RealmOfMetadata,
    RealmOfFile,
    // From here on for some requests only: blobs and manifests that lie elsewhere.
    ToStorage,
    ToWrongStorage,
    // Challenges with more than one field, and tokens.
    SecondField,
    TwoRealms,
    TokenPoisoned,
    TokenEmpty,
    TokenNotJson,
    TokenHuge,
    TokenOfOther,
    TokenOfOddLife,
    // Lists.
    LinkAway,
    LinkBack,
    HostileNames,
    // Manifests and blobs.
    OtherBytes,
    WrongDigestHeader,
    OtherType,
    HeadRefused,
    HeadWithoutDigest,
    HeadWithoutType,
}

use Fault::*;

impl Fault {
    /// All of them.
    pub(super) const ALL: [Fault; 50] = [
        HangUp,
        CutAnywhere,
        CutBody,
        Silence,
        HeaderThenSilence,
        Drip,
        SlowDrip,
        Noise,
        OpenBrackets,
        LongStatusLine,
        EndlessHeader,
        EndlessBody,
        Chunked,
        BadFraming,
        BodyAfterHead,
        Smuggled,
        OddStatus,
        Busy,
        BusyForLong,
        BusyNoWait,
        HostileError,
        Echo,
        HostileHeaders,
        Html,
        DeepJson,
        Encoded,
        ToTrap,
        ToMetadata,
        RealmOfTrap,
        RealmOfMetadata,
        RealmOfFile,
        ToStorage,
        ToWrongStorage,
        SecondField,
        TwoRealms,
        TokenPoisoned,
        TokenEmpty,
        TokenNotJson,
        TokenHuge,
        TokenOfOther,
        TokenOfOddLife,
        LinkAway,
        LinkBack,
        HostileNames,
        OtherBytes,
        WrongDigestHeader,
        OtherType,
        HeadRefused,
        HeadWithoutDigest,
        HeadWithoutType,
    ];

    /// Whether an honest client gets on as if nothing were.
    pub(super) fn is_harmless(self) -> bool {
        matches!(
            self,
            Drip | Chunked
                | HostileHeaders
                | ToStorage
                | SecondField
                | TokenOfOddLife
                | HostileNames
                | HeadRefused
                | HeadWithoutDigest
                | HeadWithoutType
        )
    }

    /// Whether the request can meet this fault; `right` is its right answer.
    fn fits(self, request: &Request, ask: &Ask, right: &Response) -> bool {
        let head = request.method == "HEAD";
        // What a refusal says and where it leads is another matter than what a document holds.
        let given = right.status == 200;
        match self {
            CutBody | HeaderThenSilence => !head && !right.body.is_empty(),
            EndlessBody | BadFraming | Smuggled => !head,
            BodyAfterHead => head,
            Echo => request.header("authorization").is_some(),
            ToStorage | ToWrongStorage => given && !head && ask.has_digest(),
            SecondField | TwoRealms => right.status == 401 && *ask != Ask::Token,
            TokenPoisoned | TokenEmpty | TokenNotJson | TokenHuge | TokenOfOther
            | TokenOfOddLife => given && *ask == Ask::Token,
            LinkAway | LinkBack | HostileNames => given && ask.is_list(),
            OtherBytes => given && matches!(ask, Ask::Manifest(_) | Ask::Blob(_)),
            WrongDigestHeader | OtherType => given && matches!(ask, Ask::Manifest(_)),
            HeadRefused | HeadWithoutDigest | HeadWithoutType => given && head,
            _ => true,
        }
    }

    /// What becomes of a request: one in `rate` meets a fault, if possible every other time one
    /// that not every request can meet.
    pub(super) fn choose(
        random: &mut Random,
        rate: usize,
        request: &Request,
        ask: &Ask,
        right: &Response,
    ) -> Option<Self> {
        // Every command begins with a challenge and a token: few would come further than that.
        let is_early = request.bearer().is_none();
        if !random.one_in(if is_early { rate * 3 } else { rate }) {
            return None;
        }
        let fits = |fault: &Fault| fault.fits(request, ask, right);
        let mut fitting: Vec<Fault> = Fault::ALL.into_iter().filter(fits).collect();
        let special = fitting.iter().position(|fault| *fault >= ToStorage);
        if let Some(special) = special.filter(|_| random.one_in(2)) {
            fitting.drain(..special);
        }
        Some(random.pick(&fitting))
    }
}
