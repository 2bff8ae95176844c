//! Which tasks a worker wants that asks here for them: the scheduler's filters, as far as workers
//! use them. Others would have to be handed through, and are refused.

use katalogus::Json;
use katalogus::fields::Fields;
use katalogus::scalars::{Unfit, items, text, texts};
use katalogus::validation::{Complaint, Problem};

use crate::services::Filters;

/// One of them: which part of a task's data must be among which texts.
struct Filter {
    field: Part,
    values: Vec<String>,
}

/// A part of a task's data.
enum Part {
    Plugin,
    Image,
}

/// Reads `{"filters": [{"column": "data", "field", "operator": "in", "value": […]}]}`.
pub(crate) fn filters(body: &Json) -> Result<Filters, Vec<Problem>> {
    let mut fields = Fields::of(body, vec!["body".into()]).map_err(|problem| vec![problem])?;
    let given = fields.nullable("filters", |value| items(value, Complaint::List, filter));
    let given = fields.finish(Some(given.flatten().unwrap_or_default()))?;
    let mut filters = Filters::default();
    for Filter { field, values } in given {
        match field {
            Part::Plugin => filters.plugins.extend(values),
            Part::Image => filters.images.extend(values),
        }
    }
    Ok(filters)
}

fn filter(value: &Json) -> Result<Filter, Unfit> {
    let mut fields = Fields::of(value, Vec::new())?;
    let only = |known: &'static str, expected: &'static str| {
        move |value: &Json| match text(value)? {
            given if given == known => Ok(()),
            _ => Err(Complaint::Literal(expected).into()),
        }
    };
    fields.required("column", only("data", "'data'"));
    fields.required("operator", only("in", "'in'"));
    let field = fields.required("field", part);
    let values = fields.required("value", texts);
    let read = field.zip(values).map(|(field, values)| Filter { field, values });
    Ok(fields.finish(read)?)
}

fn part(value: &Json) -> Result<Part, Unfit> {
    match text(value)?.as_str() {
        "boefje__id" | "normalizer__id" => Ok(Part::Plugin),
        "boefje__oci_image" => Ok(Part::Image),
        _ => {
            Err(Complaint::Literal("'boefje__id', 'normalizer__id' or 'boefje__oci_image'").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_workers_are_read_and_others_refused() {
        let read = |text: &str| filters(&Json::parse(text).unwrap());
        let body = r#"{"filters":[
            {"column":"data","field":"boefje__id","operator":"in","value":["a","b"]},
            {"column":"data","field":"boefje__oci_image","operator":"in","value":["i"]}]}"#;
        let plugins = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(read(body), Ok(Filters { plugins, images: vec!["i".to_owned()] }));
        for none in ["{}", r#"{"filters":null}"#, r#"{"filters":[]}"#] {
            assert_eq!(read(none), Ok(Filters::default()), "{none}");
        }
        for (from, to) in
            [("data", "id"), ("boefje__id", "x"), ("in", "ilike"), (r#""value""#, r#""values""#)]
        {
            assert!(read(&body.replacen(from, to, 1)).is_err(), "{from} {to}");
        }
        for other in [r#"{"filters":[{"and":[]}]}"#, r#"{"filters":{"and":[]}}"#] {
            assert!(read(other).is_err(), "{other}");
        }
    }
}
