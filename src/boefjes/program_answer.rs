//! The answer of a program or a container: `{"status": "COMPLETED", "files": [...]}`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::job::{JobOutcome, Output};

/// Reads it. An error says what is wrong with it.
pub(crate) fn read(text: &[u8]) -> Result<JobOutcome, String> {
    let answer: Value =
        serde_json::from_slice(text).map_err(|error| format!("the answer is no JSON: {error}"))?;
    let failed = match answer.get("status").and_then(Value::as_str) {
        Some("COMPLETED") => false,
        Some("FAILED") => true,
        _ => return Err("the answer's status is neither COMPLETED nor FAILED".to_owned()),
    };
    let files = match answer.get("files") {
        None | Some(Value::Null) => &[],
        Some(Value::Array(files)) => files.as_slice(),
        Some(_) => return Err("the answer's files are no list".to_owned()),
    };
    let outputs: Result<Vec<Output>, String> = files.iter().map(file).collect();
    Ok(JobOutcome::Outputs { outputs: outputs?, failed })
}

fn file(file: &Value) -> Result<Output, String> {
    let name = file.get("name").and_then(Value::as_str).map(str::to_owned);
    let shown = name.as_deref().unwrap_or("without a name");
    let content = file.get("content").and_then(Value::as_str);
    let content = content.ok_or_else(|| format!("the file {shown} has no content"))?;
    let content = STANDARD
        .decode(content)
        .map_err(|error| format!("the file {shown} is no base64: {error}"))?;
    let tags = match file.get("tags") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(tags) => tags
            .as_array()
            .and_then(|tags| tags.iter().map(|tag| tag.as_str().map(str::to_owned)).collect()),
    };
    let mime_types = tags.ok_or_else(|| format!("the tags of the file {shown} are no texts"))?;
    Ok(Output { name, mime_types, content })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_with_its_files_and_their_tags() {
        let text = br#"{"status":"COMPLETED","files":[
            {"name":"a","content":"aGk=","tags":["text/plain"]},{"content":""}]}"#;
        let Ok(JobOutcome::Outputs { outputs, failed: false }) = read(text) else { panic!() };
        let a = Output {
            name: Some("a".into()),
            mime_types: vec!["text/plain".into()],
            content: b"hi".to_vec(),
        };
        assert_eq!(outputs, [a, Output::default()]);
        let failed = read(br#"{"status":"FAILED"}"#);
        assert!(matches!(failed, Ok(JobOutcome::Outputs { failed: true, .. })));
    }

    #[test]
    fn what_is_wrong_with_an_answer_is_told() {
        for (text, words) in [
            ("", "no JSON"),
            ("{}", "status"),
            (r#"{"status":"COMPLETED","files":{}}"#, "no list"),
            (r#"{"status":"COMPLETED","files":[{"name":"a"}]}"#, "a has no content"),
            (r#"{"status":"COMPLETED","files":[{"content":"?"}]}"#, "no base64"),
            (r#"{"status":"COMPLETED","files":[{"content":"","tags":[1]}]}"#, "no texts"),
        ] {
            let told = read(text.as_bytes()).unwrap_err();
            assert!(told.contains(words), "{text}: {told}");
        }
    }
}
