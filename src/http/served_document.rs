//! The OpenAPI document as it is served: with the server as the client sees it.

use std::sync::{Mutex, PoisonError};

use hyper::body::Bytes;
use poem::{Endpoint, Request, Response};

use super::assets::Asset;
use super::base::Base;

/// How the document calls a server that is asked without a proxy.
const ROOT: &str = "/";
/// The most forms that are kept. There are more only when a proxy lets clients say what it should.
const KEPT: usize = 8;

/// A document in one format.
pub(super) struct ServedDocument {
    text: Bytes,
    content_type: &'static str,
    /// What stands before and after the server, where the document names it first.
    around: [&'static str; 2],
    /// By server, those asked for last at the end.
    forms: Mutex<Vec<(String, Asset)>>,
}

impl ServedDocument {
    /// The document in JSON.
    pub(super) fn json(text: Bytes) -> Self {
        Self { text, content_type: "application/json", around: ["\"url\": \"", "\""], forms: Mutex::default() }
    }

    /// The document in YAML.
    pub(super) fn yaml(text: Bytes) -> Self {
        Self { text, content_type: "application/yaml", around: ["url: ", "\n"], forms: Mutex::default() }
    }

    fn asset(&self, server: &str) -> Asset {
        let mut forms = self.forms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, asset)) = forms.iter().find(|(of, _)| of == server) {
            return asset.clone();
        }
        if forms.len() == KEPT {
            forms.remove(0);
        }
        let asset = Asset::new(self.of(server), self.content_type);
        forms.push((server.to_owned(), asset.clone()));
        asset
    }

    fn of(&self, server: &str) -> Bytes {
        if server == ROOT {
            return self.text.clone();
        }
        let [before, after] = self.around;
        let text = String::from_utf8_lossy(&self.text);
        text.replacen(&format!("{before}{ROOT}{after}"), &format!("{before}{server}{after}"), 1).into()
    }
}

impl Endpoint for ServedDocument {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let asset = self.asset(Base::of(&request).map_or(ROOT, |base| &base.server));
        asset.call(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{openapi_json, openapi_yaml};

    #[test]
    fn the_document_names_the_server_that_was_asked() {
        for document in [ServedDocument::json(openapi_json().into()), ServedDocument::yaml(openapi_yaml().into())] {
            let text = String::from_utf8(document.of("https://example.com/gw").to_vec()).expect("text");
            let parsed: serde_json::Value = serde_yaml::from_str(&text).expect("a document");
            assert_eq!(parsed["servers"][0]["url"], "https://example.com/gw");
        }
    }
}
