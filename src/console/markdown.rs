//! Descriptions: Markdown as HTML that can't do any harm. Nothing is fetched from elsewhere for it: images are links.

use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use maud::{Markup, PreEscaped};
use pulldown_cmark::{Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html};

/// What is left of HTML.
static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let tags = [
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "em",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ];
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(tags))
        .add_tag_attributes("a", ["href"])
        .add_tag_attributes("ol", ["start"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
});

/// A text in Markdown.
pub(super) fn rendered(text: &str) -> Markup {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut unsafe_html = String::new();
    html::push_html(&mut unsafe_html, Parser::new_ext(text, options).map(tamed));
    PreEscaped(SANITISER.clean(&unsafe_html).to_string())
}

/// The words of a text in Markdown, without its signs.
pub(super) fn plain(text: &str) -> String {
    let mut words = String::new();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Text(part) | Event::Code(part) | Event::Html(part) | Event::InlineHtml(part) => {
                words.push_str(&part);
            }
            Event::SoftBreak | Event::HardBreak | Event::Rule => words.push(' '),
            Event::End(
                TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::CodeBlock | TagEnd::TableCell,
            ) => {
                words.push(' ');
            }
            _ => {}
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same of HTML in which `mark` is the only element, which stays where it is.
pub(super) fn plain_marked(html: &str) -> Markup {
    // Letters of nobody's, which no Markdown means anything by, stand for it meanwhile.
    const MARKS: [(&str, char); 2] = [("<mark>", '\u{f8f0}'), ("</mark>", '\u{f8f1}')];
    const ESCAPES: [(&str, &str); 5] = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    let mut text = html.replace(MARKS.map(|(_, letter)| letter), "");
    for (element, letter) in MARKS {
        text = text.replace(element, &letter.to_string());
    }
    for (escaped, sign) in ESCAPES {
        text = text.replace(escaped, sign);
    }
    let mut safe = maud::html! { (plain(&text)) }.into_string();
    for (element, letter) in MARKS {
        safe = safe.replace(letter, element);
    }
    PreEscaped(safe)
}

/// HTML as the text that it is, headings below those of the page, images as links.
fn tamed(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Heading { level, id, classes, attrs }) => {
            Event::Start(Tag::Heading { level: lower(level), id, classes, attrs })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lower(level))),
        Event::Start(Tag::Image { dest_url, title, id, .. }) => {
            Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, title, id })
        }
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        other => other,
    }
}

fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H3,
        HeadingLevel::H2 => HeadingLevel::H4,
        HeadingLevel::H3 => HeadingLevel::H5,
        HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_rendered() {
        let html = rendered("# Title\n\nSome *words*, `code` and [a link](https://example.com).\n\n- one\n- two")
            .into_string();
        for part in ["<h3>Title</h3>", "<em>words</em>", "<code>code</code>", "<li>two</li>"] {
            assert!(html.contains(part), "{html}");
        }
        assert!(
            html.contains("href=\"https://example.com\"") && html.contains("noopener noreferrer nofollow"),
            "{html}"
        );
    }

    #[test]
    fn the_words_of_a_text_are_without_its_signs() {
        let text = "# Title\n\nSome *words*, `code` and [a link](https://example.com).\n\n- one\n- two\n\n| a | b |\n|---|---|\n| c | d |";
        assert_eq!(plain(text), "Title Some words, code and a link. one two a b c d");
        assert_eq!(plain("a <b>bold</b> thing & more"), "a <b>bold</b> thing & more");
        let marked = plain_marked("Charges **<mark>customers</mark>** &amp; &lt;b&gt; `x`").into_string();
        assert_eq!(marked, "Charges <mark>customers</mark> &amp; &lt;b&gt; x");
        let hostile = plain_marked("&lt;script&gt;alert(1)&lt;/script&gt; \u{f8f0}<mark>x</mark>").into_string();
        assert_eq!(hostile, "&lt;script&gt;alert(1)&lt;/script&gt; <mark>x</mark>");
    }

    #[test]
    fn nothing_that_is_hostile_is_left() {
        for hostile in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "a <b onclick=alert(1)>b</b>",
            "[x](javascript:alert(1))",
            "[x](data:text/html,<script>alert(1)</script>)",
            "<javascript:alert(1)>",
            "[x](/console/sign-out)",
            "![pixel](https://evil.example/pixel.png)",
            "<style>*{display:none}</style>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<iframe src=https://evil.example>",
            "<form action=https://evil.example><input name=password>",
            "```\n</code></pre><script>alert(1)</script>\n```",
        ] {
            let html = rendered(hostile).into_string();
            for tag in ["<script", "<img", "<b ", "<style", "<iframe", "<form", "<input"] {
                assert!(!html.contains(tag), "{hostile}: {html}");
            }
            for link in ["<a href=\"javascript", "<a href=\"data", "<a href=\"/"] {
                assert!(!html.contains(link), "{hostile}: {html}");
            }
        }
    }
}
