//! What a program or a container says of its run:
//! `{"status": "COMPLETED", "files": [{"name", "content", "tags"}]}`.

use katalogus::fields::Fields;
use katalogus::scalars::{Unfit, items, text, texts};
use katalogus::validation::{Complaint, Problem};
use katalogus::{Json, base64_lenient};

use crate::host_options::Limits;
use crate::job::Output;

/// See the module.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BoefjeOutput {
    /// Its own word for its end.
    pub(crate) failed: bool,
    /// The raw files, in its order.
    pub(crate) files: Vec<Output>,
}

impl BoefjeOutput {
    /// Reads the body of a request. Tags may be left out, and characters that are none of base64
    /// are passed over.
    pub(crate) fn read(body: &Json) -> Result<Self, Vec<Problem>> {
        let mut fields = Fields::of(body, vec!["body".into()]).map_err(|problem| vec![problem])?;
        let failed = fields.required("status", status);
        let files = fields.nullable("files", |value| items(value, Complaint::List, file));
        let files = files.flatten().unwrap_or_default();
        fields.finish(failed.map(|failed| Self { failed, files }))
    }

    /// Reads what a program has written. An error says all that is wrong with it, or that its files
    /// are more than those of a boefje may be.
    pub(crate) fn of_program(answer: &[u8], limits: &Limits) -> Result<Self, String> {
        // Python's `json` writes `NaN` unless it is told not to; no key that counts has a number.
        let answer = Json::parse_any_number(answer)
            .map_err(|fault| format!("the answer is no JSON: {fault}"))?;
        let output = Self::read(&answer).map_err(|problems| {
            let told: Vec<String> = problems.iter().map(told).collect();
            format!("the answer makes no sense: {}", told.join("; "))
        })?;
        output.fit(limits)?;
        Ok(output)
    }

    /// Whether all files are within the limits, as what Python returns must be.
    fn fit(&self, limits: &Limits) -> Result<(), String> {
        let sizes = self.files.iter().map(|file| file.content.len() as u64);
        if self.files.len() as u64 > limits.outputs {
            return Err(format!("more than {} outputs", limits.outputs));
        }
        if sizes.clone().any(|size| size > limits.output_size) {
            return Err(format!("an output of more than {} bytes", limits.output_size));
        }
        if sizes.fold(0_u64, u64::saturating_add) > limits.output {
            return Err(format!("outputs of more than {} bytes together", limits.output));
        }
        Ok(())
    }
}

/// A problem with its place below the body: `files.0.content: Field required`.
fn told(problem: &Problem) -> String {
    let place: Vec<String> = problem.place.iter().skip(1).map(Json::python_text).collect();
    let message = problem.complaint.message();
    if place.is_empty() { message.into_owned() } else { format!("{}: {message}", place.join(".")) }
}

/// Whether it is that of a failure.
fn status(value: &Json) -> Result<bool, Unfit> {
    match value {
        Json::Text(text) if text == "COMPLETED" => Ok(false),
        Json::Text(text) if text == "FAILED" => Ok(true),
        _ => Err(Complaint::Enumeration("'COMPLETED' or 'FAILED'").into()),
    }
}

fn file(value: &Json) -> Result<Output, Unfit> {
    let mut fields = Fields::of(value, Vec::new())?;
    let name = fields.nullable("name", text).flatten();
    let content = fields.required("content", content);
    let mime_types = fields.nullable("tags", texts).flatten().unwrap_or_default();
    let read = content.map(|content| Output { name, mime_types, content });
    Ok(fields.finish(read)?)
}

fn content(value: &Json) -> Result<Vec<u8>, Unfit> {
    let Json::Text(text) = value else { return Err(Complaint::Text.into()) };
    base64_lenient::decode(text)
        .ok_or_else(|| Complaint::Value("The content is not whole base64".into()).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use katalogus::{Generation, validation};

    fn read(text: &str) -> Result<BoefjeOutput, String> {
        BoefjeOutput::read(&Json::parse(text).unwrap())
            .map_err(|problems| validation::detail(&problems, Generation::V1_20).compact())
    }

    #[test]
    fn files_have_names_and_tags_or_not() {
        let file = |name: Option<&str>, mime_types: &[&str], content: &[u8]| Output {
            name: name.map(str::to_owned),
            mime_types: mime_types.iter().map(|&tag| tag.to_owned()).collect(),
            content: content.to_vec(),
        };
        let text = r#"{"status":"COMPLETED","files":[
            {"name":"a","content":"aGVsbG8=","tags":["text/plain","my/tag"]},
            {"content":"AP8=","tags":null},{"name":null,"content":"%%%"}]}"#;
        let files = vec![
            file(Some("a"), &["text/plain", "my/tag"], b"hello"),
            file(None, &[], b"\0\xff"),
            file(None, &[], b""),
        ];
        assert_eq!(read(text), Ok(BoefjeOutput { failed: false, files }));
        for none in [r#"{"status":"FAILED"}"#, r#"{"status":"FAILED","files":null}"#] {
            assert_eq!(read(none), Ok(BoefjeOutput { failed: true, files: Vec::new() }));
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_place() {
        for (text, told) in [
            ("[]", r#"["body"]"#),
            ("{}", r#""missing","loc":["body","status"]"#),
            (r#"{"status":"completed"}"#, r#""enum","loc":["body","status"]"#),
            (r#"{"status":1,"files":{}}"#, r#""list_type","loc":["body","files"]"#),
            (r#"{"status":"FAILED","files":[1]}"#, r#""loc":["body","files",0]"#),
            (
                r#"{"status":"FAILED","files":[{"content":""},{"tags":[1]}]}"#,
                r#""missing","loc":["body","files",1,"content"]"#,
            ),
            (
                r#"{"status":"FAILED","files":[{"content":"","tags":[1]}]}"#,
                r#""string_type","loc":["body","files",0,"tags",0]"#,
            ),
            (
                r#"{"status":"FAILED","files":[{"content":"aGk"}]}"#,
                r#""value_error","loc":["body","files",0,"content"]"#,
            ),
        ] {
            let problems = read(text).unwrap_err();
            assert!(problems.contains(told), "{text}: {problems}");
        }
    }

    #[test]
    fn a_program_s_answer_is_read_by_the_same_rules() {
        // Base64 with line ends in it, as `base64` writes it.
        let text = r#"{"status":"FAILED","files":[{"content":"aGVs\nbG8=\n"}]}"#;
        let limits = Limits::default();
        let answer = BoefjeOutput::of_program(text.as_bytes(), &limits);
        assert_eq!(answer, read(text));
        assert_eq!(answer.unwrap().files[0].content, b"hello");
        for (text, words) in [
            ("", "the answer is no JSON"),
            ("[]", "the answer makes no sense: "),
            ("{}", "the answer makes no sense: status: Field required"),
            (
                r#"{"status":"FAILED","files":[{"content":"","tags":[1]},{}]}"#,
                "files.0.tags.0: Input should be a valid string; files.1.content: Field required",
            ),
        ] {
            let told = BoefjeOutput::of_program(text.as_bytes(), &limits).unwrap_err();
            assert!(told.contains(words), "{text}: {told}");
        }
    }

    #[test]
    fn a_program_s_files_are_counted_as_they_are_and_not_as_base64() {
        let text =
            br#"{"status":"COMPLETED","files":[{"content":"aGVsbG8="},{"content":"aGVsbG8="}]}"#;
        let exact = Limits { outputs: 2, output_size: 5, output: 10, ..Limits::default() };
        assert_eq!(BoefjeOutput::of_program(text, &exact).unwrap().files.len(), 2);
        for (limits, words) in [
            (Limits { outputs: 1, ..exact }, "more than 1 outputs"),
            (Limits { output_size: 4, ..exact }, "an output of more than 4 bytes"),
            (Limits { output: 9, ..exact }, "outputs of more than 9 bytes together"),
        ] {
            assert_eq!(BoefjeOutput::of_program(text, &limits), Err(words.to_owned()));
        }
    }
}
