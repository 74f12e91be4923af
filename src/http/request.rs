//! A request, and what of it is secret.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::url::Url;
use crate::system::secret::{Secret, Sent};

/// A request method; the tool reads, and asks token services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Without the body.
    Head,
    /// The normal request.
    Get,
    /// A form sent to a token service or a document to an API.
    Post,
}

impl Method {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Method::Head => "HEAD",
            Method::Get => "GET",
            Method::Post => "POST",
        }
    }
}

/// A request. Its `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// The `Accept` header.
    pub accept: Option<&'static str>,
    /// The `Authorization` header, whole.
    pub authorization: Option<Secret>,
    /// What a POST sends.
    pub body: Option<Form>,
    /// Query parameters whose values the log may show although a server named the host.
    pub logged: &'static [&'static str],
    /// Whether this asks if the host speaks TLS at all: one try, with a short limit.
    pub probe: bool,
}

/// The body of a POST: a login on its way to be traded for a token.
#[derive(Debug, Clone)]
pub struct Form {
    /// Its media type.
    pub content_type: &'static str,
    /// The body.
    pub text: Secret,
    /// The password or token in it, as it was before it was put in.
    pub login: Secret,
}

impl Request {
    /// A plain request.
    pub fn new(method: Method, url: Url) -> Self {
        Request {
            method,
            url,
            accept: None,
            authorization: None,
            body: None,
            logged: &[],
            probe: false,
        }
    }

    /// Notes what of it must not be printed: the token or the login that it carries.
    pub(super) fn note_secrets(&self, sent: &Sent) {
        let header = self.authorization.as_ref().and_then(|header| header.expose().split_once(' '));
        if let Some((scheme, value)) = header
            && sent.note(value)
            && scheme == "Basic"
        {
            let pair = BASE64_STANDARD.decode(value).ok();
            let pair = pair.and_then(|pair| String::from_utf8(pair).ok());
            if let Some((username, password)) =
                pair.as_deref().and_then(|pair| pair.split_once(':'))
            {
                sent.note_login(username, password);
            }
        }
        if let Some(form) = &self.body {
            sent.note(form.login.expose());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_noted_in_every_form() {
        let url: Url = "https://r.example/v2/".parse().unwrap();
        let pair = BASE64_STANDARD.encode("alice:p\u{e4}ss word:1");
        let mut basic = Request::new(Method::Get, url.clone());
        basic.authorization = Some(Secret::new(format!("Basic {pair}")));
        let mut bearer = Request::new(Method::Get, url.clone());
        bearer.authorization = Some(Secret::new("Bearer abc.def/ghi=="));
        let mut post = Request::new(Method::Post, url.clone());
        post.body = Some(Form {
            content_type: "application/json",
            text: Secret::new("{\"secret\":\"hunter+2\"}"),
            login: Secret::new("hunter+2"),
        });
        let sent = Sent::default();
        for request in [basic, bearer, post, Request::new(Method::Get, url)] {
            request.note_secrets(&sent);
        }
        for secret in [
            pair.as_str(),
            "p\u{e4}ss word:1",
            "p%C3%A4ss%20word%3A1",
            "abc.def/ghi==",
            "abc.def%2Fghi%3D%3D",
            "hunter+2",
            "hunter%2B2",
            "alice:p\\u00e4ss word:1",
        ] {
            assert_eq!(sent.hide(&format!("<{secret}>")), "<***>", "{secret}");
        }
        assert_eq!(sent.hide("alice"), "alice");
    }
}
