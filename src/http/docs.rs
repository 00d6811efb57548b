//! The pages for people: Swagger UI and Redoc, each one HTML document with its scripts and styles inline, so that nothing is
//! fetched from elsewhere. Their content security policy names the very scripts they hold, by hash.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use poem::http::HeaderValue;
use sha2::{Digest, Sha256};

use super::assets::Asset;

/// The title, and an empty icon: without one, browsers ask for `/favicon.ico`.
const TITLE: &str = "<title>Ghostworks API</title><link rel=\"icon\" href=\"data:,\">";

const DOCTYPE: &str = "<!DOCTYPE html>";

/// A page that is made once.
pub(super) struct Page;

impl Page {
    /// Swagger UI, taken from poem-openapi's page, on a page of our own that reads the document beside it.
    pub(super) fn swagger_ui(theirs: &str) -> Asset {
        let html = include_str!("docs/page.html")
            .replace("{:own-style}", include_str!("docs/page.css"))
            .replace("{:start}", include_str!("docs/page.js"))
            .replace("{:style}", element(theirs, "style"))
            .replace("{:bundle}", element(theirs, "script"));
        Self::asset(html)
    }

    /// Redoc, without the web fonts it would fetch and without the space it leaves for a bar on top.
    pub(super) fn redoc(mut html: String) -> Asset {
        while let Some(at) = html.find("fonts.googleapis.com") {
            let begin = html[..at].rfind('\n').map_or(0, |end| end + 1);
            let end = html[at..].find('\n').map_or(html.len(), |end| at + end + 1);
            html.replace_range(begin..end, "");
        }
        replace(&mut html, "<title>Redoc</title>", TITLE);
        replace(&mut html, "scrollYOffset: 50", "scrollYOffset: 0");
        Self::asset(html)
    }

    fn asset(mut html: String) -> Asset {
        if !html.trim_start().starts_with(DOCTYPE) {
            html.insert_str(0, DOCTYPE);
        }
        let hashes: String = scripts(&html).map(|script| format!(" 'sha256-{}'", digest(script))).collect();
        let policy = format!(
            "default-src 'none'; script-src{hashes}; style-src 'unsafe-inline'; img-src 'self' data:; \
             font-src data:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        );
        Asset::new(html.into(), "text/html; charset=utf-8").with_policy(header_value(&policy))
    }
}

/// What the first element of this name has in it.
fn element<'a>(html: &'a str, name: &str) -> &'a str {
    let begun = html.split_once(&format!("<{name}")).and_then(|(_, tag)| tag.split_once('>'));
    begun.and_then(|(_, text)| text.split_once(&format!("</{name}>"))).map_or("", |(text, _)| text)
}

/// Replaces what is found first, in place: the pages are large, and copies of them would stay with the allocator.
fn replace(html: &mut String, found: &str, by: &str) {
    if let Some(at) = html.find(found) {
        html.replace_range(at..at + found.len(), by);
    }
}

/// The text of each inline script, from the end of its opening tag to its closing one: what browsers hash.
fn scripts(html: &str) -> impl Iterator<Item = &str> {
    html.split("</script>").filter_map(|part| {
        let (_, from_tag) = part.split_once("<script")?;
        from_tag.split_once('>').map(|(_, script)| script)
    })
}

fn digest(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text))
}

fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_the_bundle_and_not_their_page() {
        let theirs = "<html><head><style charset=\"UTF-8\">a { }</style><script charset=\"UTF-8\">var bundle;</script></head>\
                      <script>let spec = 1</script></html>";
        assert_eq!((element(theirs, "style"), element(theirs, "script")), ("a { }", "var bundle;"));
        let policy = Page::swagger_ui(theirs).policy().and_then(|policy| policy.to_str().ok().map(str::to_owned));
        let policy = policy.expect("a policy");
        for script in ["var bundle;", include_str!("docs/page.js")] {
            assert!(policy.contains(&digest(script)), "{policy}");
        }
    }

    #[test]
    fn the_policy_names_every_script() {
        let page =
            Page::asset("<html><script>a < b</script><p></p><script charset=\"UTF-8\">b()</script></html>".to_owned());
        let policy = page.policy().and_then(|policy| policy.to_str().ok()).expect("text");
        for script in ["a < b", "b()"] {
            assert!(policy.contains(&digest(script)), "{policy}");
        }
    }
}
