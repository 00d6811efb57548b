//! The stylesheet, the script and the icon, each under a name that has the digest of what it is: browsers keep them for ever.

use std::sync::LazyLock;

use super::BASE;
use crate::http::pages::Asset;

/// A file that pages refer to.
struct File {
    path: String,
    asset: Asset,
}

impl File {
    fn new(name: &str, ending: &str, content_type: &'static str, content: &str) -> Self {
        let asset = Asset::new(content.as_bytes().to_vec().into(), content_type).immutable();
        Self { path: format!("{BASE}/assets/{name}.{}.{ending}", asset.digest()), asset }
    }
}

static STYLE: LazyLock<File> =
    LazyLock::new(|| File::new("console", "css", "text/css; charset=utf-8", include_str!("assets/console.css")));
static SCRIPT: LazyLock<File> = LazyLock::new(|| {
    // One file to ask for; the parts know nothing of each other.
    let parts: [&str; 5] = [
        include_str!("assets/console.js"),
        include_str!("assets/find.js"),
        include_str!("assets/waterfall.js"),
        include_str!("assets/tags.js"),
        include_str!("assets/live.js"),
    ];
    File::new("console", "js", "text/javascript; charset=utf-8", &parts.concat())
});
static ICON: LazyLock<File> =
    LazyLock::new(|| File::new("icon", "svg", "image/svg+xml", include_str!("assets/icon.svg")));

/// Every file, by its path.
pub(super) fn all() -> Vec<(String, Asset)> {
    [&STYLE, &SCRIPT, &ICON].into_iter().map(|file| (file.path.clone(), file.asset.clone())).collect()
}

/// Where the stylesheet is.
pub(super) fn style() -> &'static str {
    &STYLE.path
}

/// Where the script is.
pub(super) fn script() -> &'static str {
    &SCRIPT.path
}

/// Where the icon is.
pub(super) fn icon() -> &'static str {
    &ICON.path
}
