//! Pages that need no other file, and whose policy lets nothing else in.

use std::io::{Read, Write};
use std::process::Stdio;

use crate::process::{Process, command};

/// Holds a page to this: it loads nothing, makes no markup of texts, has one style and one script,
/// and its policy names their digests and nothing else that may run.
///
/// # Panics
/// When it is otherwise.
pub fn self_contained(text: &str, policy: &str) {
    let (script, style) = (inside(text, "script"), inside(text, "style"));
    assert!(!text.contains(" style="), "a style that no digest covers");
    for outside in ["<link", "src=", "href=\"http", "href=\"/", "@import", "url("] {
        assert!(!text.contains(outside), "{outside} loads something");
    }
    for markup in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
        assert!(!script.contains(markup), "{markup} takes text for markup");
    }
    assert!(policy.contains("default-src 'none'"), "{policy}");
    for (source, content) in [("script-src", script), ("style-src", style)] {
        let named = format!("{source} 'sha256-{}'", digest(content));
        let sources = policy.split("; ").find(|sources| sources.starts_with(source));
        assert_eq!(sources, Some(&*named), "{policy}");
    }
}

/// What stands in the only element of this name.
fn inside<'a>(text: &'a str, name: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("<{name}>")).unwrap();
    let (content, rest) = rest.split_once(&format!("</{name}>")).unwrap();
    assert!(!rest.contains(&format!("<{name}")), "more than one {name}");
    content
}

/// The digest by which a policy names a script or a style.
fn digest(content: &str) -> String {
    let mut digest = Process::start(
        command("sh")
            .args(["-c", "openssl dgst -sha256 -binary | openssl base64 -A"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped()),
    );
    digest.streams().stdin.take().unwrap().write_all(content.as_bytes()).unwrap();
    let mut base64 = String::new();
    digest.streams().stdout.take().unwrap().read_to_string(&mut base64).unwrap();
    assert!(digest.ended().success());
    base64
}
