//! What a session is used with, as people call it.

/// Browsers, by what they say of themselves; one that says several is the first of these.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
];
/// Systems, in the same way.
const SYSTEMS: [(&str, &str); 7] = [
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// A browser and its system; another program as it calls itself.
pub(super) fn named(user_agent: &str) -> String {
    let known =
        |all: &[(&str, &'static str)]| all.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name);
    match (user_agent.starts_with("Mozilla/"), known(&BROWSERS), known(&SYSTEMS)) {
        (true, Some(browser), Some(system)) => format!("{browser} on {system}"),
        (true, Some(browser), None) => browser.to_owned(),
        _ => user_agent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_what_people_call_them() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        let edge =
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0";
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1";
        let firefox = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0";
        let all = [chrome, edge, safari, firefox, "curl/8.5.0", "Mozilla/5.0", "<script>"];
        let expected = [
            "Chrome on Linux",
            "Edge on Windows",
            "Safari on iPhone",
            "Firefox on macOS",
            "curl/8.5.0",
            "Mozilla/5.0",
            "<script>",
        ];
        assert_eq!(all.map(named), expected);
    }
}
