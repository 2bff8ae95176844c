//! Reads a job's result, which comes in pieces: a length of four bytes, a JSON object, and the blobs
//! that it announces. The plugin's process wrote it, so nothing of it is taken for granted.

use serde_json::Value;

use crate::host_options::Limits;
use crate::job::{JobOutcome, Output};
use crate::normalizer_item::{Item, ItemKind};

/// The longest object: media types, kinds and sizes.
const MAX_HEAD_BYTES: usize = 8 << 20;

/// See the module.
#[derive(Debug)]
pub(crate) struct ResultReader {
    limits: Limits,
    head: Vec<u8>,
    header: Option<Value>,
    sizes: Vec<usize>,
    blobs: Vec<Vec<u8>>,
    flaw: Option<String>,
}

impl ResultReader {
    /// For a job under these limits.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            head: Vec::new(),
            header: None,
            sizes: Vec::new(),
            blobs: Vec::new(),
            flaw: None,
        }
    }

    /// Takes the next piece.
    pub(crate) fn feed(&mut self, piece: &[u8]) {
        if self.flaw.is_none() {
            if let Err(flaw) = self.take(piece) {
                self.flaw = Some(flaw);
                self.blobs.clear();
            }
        }
    }

    /// What the job told; `None` if its result is not whole. An error says what is wrong with it.
    pub(crate) fn finish(self) -> Result<Option<JobOutcome>, String> {
        if let Some(flaw) = self.flaw {
            return Err(flaw);
        }
        let whole = self.blobs.len() == self.sizes.len()
            && self.blobs.iter().zip(&self.sizes).all(|(blob, size)| blob.len() == *size);
        match self.header {
            Some(header) if whole => outcome(&header, self.blobs).map(Some),
            _ => Ok(None),
        }
    }

    fn take(&mut self, piece: &[u8]) -> Result<(), String> {
        let rest = if self.header.is_none() { self.take_head(piece)? } else { piece };
        self.take_blobs(rest)
    }

    /// Takes what belongs to the head, and returns the rest.
    fn take_head<'a>(&mut self, piece: &'a [u8]) -> Result<&'a [u8], String> {
        let (start, piece) =
            piece.split_at(piece.len().min(4_usize.saturating_sub(self.head.len())));
        self.head.extend_from_slice(start);
        let Some(length) = self.head.first_chunk::<4>() else { return Ok(piece) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > MAX_HEAD_BYTES {
            return Err("there is too much to list in the result".to_owned());
        }
        let missing = length.saturating_sub(self.head.len().saturating_sub(4));
        let (more, rest) = piece.split_at(piece.len().min(missing));
        self.head.extend_from_slice(more);
        if more.len() == missing {
            let text = self.head.get(4..).unwrap_or_default();
            let header: Value = serde_json::from_slice(text)
                .map_err(|error| format!("the result makes no sense: {error}"))?;
            self.sizes = sizes(&header, &self.limits)?;
            self.header = Some(header);
            self.head = Vec::new();
        }
        Ok(rest)
    }

    fn take_blobs(&mut self, mut rest: &[u8]) -> Result<(), String> {
        if self.header.is_none() {
            return Ok(());
        }
        loop {
            let begun = self.blobs.len().checked_sub(1);
            let size = begun.and_then(|last| self.sizes.get(last)).copied().unwrap_or(0);
            if let Some(blob) = self.blobs.last_mut() {
                let (own, more) = rest.split_at(rest.len().min(size.saturating_sub(blob.len())));
                blob.extend_from_slice(own);
                rest = more;
                if blob.len() < size {
                    return Ok(());
                }
            }
            let Some(next) = self.sizes.get(self.blobs.len()) else {
                return if rest.is_empty() { Ok(()) } else { Err("the result goes on".to_owned()) };
            };
            let mut blob = Vec::new();
            // A system without memory costs the job, and not the process.
            blob.try_reserve_exact(*next)
                .map_err(|_| format!("there is no memory for an output of {next} bytes"))?;
            self.blobs.push(blob);
        }
    }
}

fn sizes(header: &Value, limits: &Limits) -> Result<Vec<usize>, String> {
    let Some(listed) = header.get("blobs") else { return Ok(Vec::new()) };
    let sizes: Option<Vec<u64>> =
        listed.as_array().and_then(|sizes| sizes.iter().map(Value::as_u64).collect());
    let sizes = sizes.ok_or_else(|| "the result makes no sense: its sizes".to_owned())?;
    if u64::try_from(sizes.len()).unwrap_or(u64::MAX) > limits.outputs.max(1) {
        return Err(format!("more than {} outputs", limits.outputs));
    }
    let all = sizes.iter().fold(0_u64, |all, size| all.saturating_add(*size));
    // The traceback of a job that may return nothing still has room.
    if all > limits.output.max(2 << 20) {
        return Err(format!("outputs of more than {} bytes together", limits.output));
    }
    Ok(sizes.iter().map(|size| usize::try_from(*size).unwrap_or(usize::MAX)).collect())
}

fn outcome(header: &Value, blobs: Vec<Vec<u8>>) -> Result<JobOutcome, String> {
    let nonsense = |what: &str| format!("the result makes no sense: {what}");
    match header.get("kind").and_then(Value::as_str) {
        Some("error") => {
            let text = blobs.first().map(|blob| String::from_utf8_lossy(blob).into_owned());
            Ok(JobOutcome::Failed(text.unwrap_or_default()))
        }
        Some("outputs") => {
            let types: Option<Vec<Vec<String>>> = header
                .get("outputs")
                .and_then(Value::as_array)
                .and_then(|l| l.iter().map(texts).collect());
            let types = types.filter(|types| types.len() == blobs.len());
            let types = types.ok_or_else(|| nonsense("its media types"))?;
            let outputs = types
                .into_iter()
                .zip(blobs)
                .map(|(mime_types, content)| Output { name: None, mime_types, content })
                .collect();
            Ok(JobOutcome::Outputs { outputs, failed: false })
        }
        Some("items") => {
            let kinds: Option<Vec<ItemKind>> = header
                .get("items")
                .and_then(texts)
                .and_then(|names| names.iter().map(|name| ItemKind::named(name)).collect());
            let kinds = kinds.filter(|kinds| kinds.len() == blobs.len());
            let kinds = kinds.ok_or_else(|| nonsense("its kinds of items"))?;
            let item = |(kind, blob)| {
                let json = String::from_utf8(blob).map_err(|_| nonsense("an item is no UTF-8"))?;
                Ok(Item { kind, json })
            };
            let items: Result<Vec<Item>, String> = kinds.into_iter().zip(blobs).map(item).collect();
            let checked = header.get("checked").and_then(Value::as_bool).unwrap_or_default();
            Ok(JobOutcome::Items { items: items?, checked })
        }
        Some("scan") => {
            let names = header.get("parameters").and_then(texts);
            names.map(JobOutcome::Looked).ok_or_else(|| nonsense("its parameters"))
        }
        _ => Err(nonsense("its kind")),
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn result(head: &str, blobs: &[&[u8]]) -> Vec<u8> {
        let mut bytes = u32::try_from(head.len()).unwrap().to_be_bytes().to_vec();
        bytes.extend(head.as_bytes());
        bytes.extend(blobs.concat());
        bytes
    }

    fn read(bytes: &[u8], step: usize, limits: Limits) -> Result<Option<JobOutcome>, String> {
        let mut reader = ResultReader::new(limits);
        for piece in bytes.chunks(step) {
            reader.feed(piece);
        }
        reader.finish()
    }

    #[test]
    fn a_result_is_read_however_it_comes_and_not_before_it_is_whole() {
        let head = r#"{"kind":"outputs","outputs":[["a/b"],[],["c/d","e/f"]],"blobs":[2,0,3]}"#;
        let bytes = result(head, &[b"ab", b"", b"cde"]);
        for step in [1, 3, 1000] {
            let read = |bytes| read(bytes, step, Limits::default());
            let Ok(Some(JobOutcome::Outputs { outputs, failed: false })) = read(&bytes) else {
                panic!("{step}")
            };
            let contents: Vec<&[u8]> = outputs.iter().map(|o| o.content.as_slice()).collect();
            assert_eq!(contents, [&b"ab"[..], b"", b"cde"]);
            assert_eq!(outputs[2].mime_types, ["c/d", "e/f"]);
            for short in 0..bytes.len() {
                assert!(matches!(read(&bytes[..short]), Ok(None)), "{short}");
            }
        }
        assert!(read(&[&bytes[..], b"x"].concat(), 7, Limits::default()).is_err());
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_alike_in_pieces_of_any_size(
            head in prop_oneof![
                any::<String>(),
                Just(r#"{"kind":"outputs","outputs":[["a"],[]],"blobs":[3,5]}"#.to_owned()),
                Just(r#"{"kind":"items","items":["object"],"blobs":[0]}"#.to_owned()),
            ],
            rest in vec(any::<u8>(), 0..12),
            step in 1_usize..20,
        ) {
            let bytes = result(&head, &[&rest]);
            let shown = |step| format!("{:?}", read(&bytes, step, Limits::default()));
            prop_assert_eq!(shown(step), shown(bytes.len()));
        }
    }

    #[test]
    fn nonsense_and_too_much_are_told() {
        let limits = Limits { outputs: 2, output: 4 << 20, ..Limits::default() };
        for head in [
            "",
            "[]",
            r#"{"kind":"sonnet"}"#,
            r#"{"kind":"outputs","outputs":[["a/b"]],"blobs":[]}"#,
            r#"{"kind":"outputs","outputs":["a/b"],"blobs":[0]}"#,
            r#"{"kind":"outputs","outputs":[[],[],[]],"blobs":[0,0,0]}"#,
            r#"{"kind":"outputs","outputs":[[]],"blobs":[99999999999]}"#,
            r#"{"kind":"items","items":["objection"],"blobs":[0]}"#,
            r#"{"kind":"items","items":["object"],"blobs":[-1]}"#,
        ] {
            assert!(read(&result(head, &[]), 5, limits).is_err(), "{head}");
        }
        assert!(read(b"\xff\xff\xff\xff", 4, limits).is_err());
    }
}
