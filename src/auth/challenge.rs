//! `WWW-Authenticate`: from the bytes of the header to the challenge we answer.
//!
//! The parser is our own because the field is the heart of a registry client and real servers
//! bend the grammar of RFC 9110 § 11: two challenges in one field, two fields, missing commas,
//! unquoted URLs, empty values, bytes that are not UTF-8. Each field is parsed alone, so that a
//! broken one cannot eat its neighbor, and nothing in it can make the parser fail: what cannot
//! be read is dropped, what was read before it is kept. The rules are tested row by row with
//! `tests/vectors/challenges.tsv`.

/// The longest field that is read; what follows is ignored.
const MAX_FIELD: usize = 16 * 1024;
/// The most challenges taken from one answer.
const MAX_CHALLENGES: usize = 64;

/// One challenge: a scheme, and either parameters or one token68.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Challenge {
    scheme: String,
    parameters: Vec<(String, String)>,
    token68: Option<String>,
}

impl Challenge {
    /// The scheme in lower case: `bearer`, `basic`, `negotiate` …
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The token68 in place of parameters.
    pub fn token68(&self) -> Option<&str> {
        self.token68.as_deref()
    }

    /// The parameters in the order of the field, names in lower case, the first of a name only.
    pub fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// A parameter's value; `name` in lower case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The scopes asked for, in the order of the field. Empty where the challenge names none.
    ///
    /// Scopes are separated by blanks and by nothing else: actions carry commas, names carry
    /// colons (a port), and Codeberg sends a bare `*`.
    pub fn scopes(&self) -> Vec<String> {
        let scope = self.parameter("scope").unwrap_or_default();
        scope.split(' ').filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
    }

    /// Whether this is a Bearer challenge that says where tokens come from.
    pub fn is_bearer(&self) -> bool {
        self.scheme == "bearer" && self.parameter("realm").is_some_and(|realm| !realm.is_empty())
    }

    /// Whether this is a Basic challenge. Its realm is text for people and is never fetched.
    pub fn is_basic(&self) -> bool {
        self.scheme == "basic"
    }
}

/// Which challenge to answer: the first usable Bearer, else the first Basic if there is a login.
///
/// Bearer goes first because it works with and without a login and does not hand the password
/// to a registry for which a short-lived token will do. Returns an index into `challenges`.
pub fn choose(challenges: &[Challenge], have_login: bool) -> Option<usize> {
    challenges
        .iter()
        .position(Challenge::is_bearer)
        .or_else(|| challenges.iter().position(Challenge::is_basic).filter(|_| have_login))
}

/// The challenges of all `WWW-Authenticate` fields of an answer, in order.
///
/// Takes the raw bytes of each field's value. Never fails; the limits are 16 KiB a field and 64
/// challenges in all.
pub fn parse<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Vec<Challenge> {
    let mut challenges = Vec::new();
    for field in fields {
        if field.iter().any(|&b| (b < 0x20 && b != b'\t') || b == 0x7f) {
            continue;
        }
        let field = &field[..field.len().min(MAX_FIELD)];
        Parser { rest: field, challenges: &mut challenges, open: false }.run();
    }
    challenges.truncate(MAX_CHALLENGES);
    challenges
}

/// The state of reading one field.
struct Parser<'a, 'c> {
    rest: &'a [u8],
    challenges: &'c mut Vec<Challenge>,
    /// Whether this field has begun a challenge that parameters can belong to.
    open: bool,
}

impl<'a> Parser<'a, '_> {
    fn run(mut self) {
        loop {
            self.take_while(|b| is_blank(b) || b == b',');
            let name = self.take_while(is_token);
            if name.is_empty() || self.challenges.len() > MAX_CHALLENGES {
                return;
            }
            let name = text(name).to_ascii_lowercase();
            let blanks = self.take_while(is_blank).len();
            if let Some(rest) = self.rest.strip_prefix(b"=") {
                self.rest = rest;
                if !self.open || !self.parameter(name) {
                    return;
                }
            } else {
                self.scheme(name, blanks > 0);
            }
        }
    }

    /// Begins a challenge, with its token68 when one follows directly.
    fn scheme(&mut self, scheme: String, blank_follows: bool) {
        let token68 = if blank_follows { self.token68() } else { None };
        self.challenges.push(Challenge { scheme, parameters: Vec::new(), token68 });
        self.open = true;
    }

    /// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`, if a comma or the end of
    /// the field follows; otherwise nothing is consumed.
    fn token68(&mut self) -> Option<String> {
        let start = self.rest;
        let run = self.take_while(is_token68).len();
        let tail = self.take_while(|b| b == b'=').len();
        self.take_while(is_blank);
        if run > 0 && matches!(self.rest.first(), None | Some(b',')) {
            return Some(text(&start[..run + tail]));
        }
        self.rest = start;
        None
    }

    /// Reads a parameter's value. `false`: the field cannot be read further.
    fn parameter(&mut self, name: String) -> bool {
        self.take_while(is_blank);
        let value = match self.rest.strip_prefix(b"\"") {
            Some(rest) => {
                self.rest = rest;
                match self.quoted() {
                    Some(value) => value,
                    None => return false,
                }
            }
            None => text(self.take_while(|b| !is_blank(b) && b != b',')),
        };
        if let Some(challenge) = self.challenges.last_mut()
            && challenge.parameter(&name).is_none()
        {
            challenge.parameters.push((name, value));
        }
        true
    }

    /// The rest of a quoted string, whose opening quote is consumed. `None`: unterminated.
    fn quoted(&mut self) -> Option<String> {
        let mut value = Vec::new();
        let mut bytes = self.rest.iter().enumerate();
        while let Some((index, &byte)) = bytes.next() {
            match byte {
                b'"' => {
                    self.rest = &self.rest[index + 1..];
                    return Some(text(&value));
                }
                b'\\' => value.push(*bytes.next()?.1),
                _ => value.push(byte),
            }
        }
        None
    }

    fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|&b| !keep(b)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn is_blank(b: u8) -> bool {
    b == b' ' || b == b'\t'
}

fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}

fn is_token68(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~+/".contains(&b)
}

#[cfg(test)]
mod tests;
