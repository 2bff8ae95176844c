//! A plugin that is to be added or changed over HTTP, as generation 1.20 reads it.

use crate::cron;
use crate::fields::Fields;
use crate::scalars::{Unfit, dictionary, items, text, text_set, texts, truth, whole};
use crate::validation::{Complaint, Problem};
use crate::{
    BoefjePart, Json, Kind, Plugin, PluginKind, Repository, RunOn, SettingsSchema, created,
};

/// The most intrusive boefje.
const MAX_SCAN_LEVEL: i64 = 4;

/// What a body describes.
#[derive(Debug)]
pub(crate) enum Described {
    Plugin(Box<Plugin>),
    /// It is well formed, but bits are not kept.
    Bit,
}

/// Reads a whole plugin: the kind that fits, and of several the one that knows most of the members.
pub(crate) fn whole_plugin(body: &Json) -> Result<Described, Vec<Problem>> {
    let boefje = read(body, "Boefje", |fields| plugin(fields, PluginKind::Boefje));
    let normalizer = read(body, "Normalizer", |fields| plugin(fields, PluginKind::Normalizer));
    let bit = read(body, "Bit", bit);
    let mut problems = Vec::new();
    let mut best: Option<(usize, Described)> = None;
    for result in [boefje, normalizer, bit] {
        match result {
            Ok((known, described)) if best.as_ref().is_none_or(|(most, _)| known > *most) => {
                best = Some((known, described));
            }
            Ok(_) => {}
            Err(mut more) => problems.append(&mut more),
        }
    }
    best.map(|(_, described)| described).ok_or(problems)
}

/// Reads changes of a plugin, and makes them.
pub(crate) fn changes(body: &Json, plugin: &mut Plugin) -> Result<Named, Vec<Problem>> {
    let mut fields = Fields::of(body, vec!["body".into()]).map_err(|problem| vec![problem])?;
    let name = fields.nullable("name", text);
    change_head(&mut fields, plugin);
    change_types(&mut fields, plugin, Extent::Changes);
    let named = match name {
        Some(None) => Named::Nothing,
        Some(Some(name)) => {
            plugin.name = Some(name);
            Named::Something
        }
        None => Named::Something,
    };
    fields.finish(Some(named))
}

/// Whether a plugin still has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Something,
    Nothing,
}

/// How much of a boefje can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Whole,
    Changes,
}

type Read = Result<(usize, Described), Vec<Problem>>;

fn read(body: &Json, model: &str, read: impl FnOnce(&mut Fields<'_>) -> Described) -> Read {
    let place = vec!["body".into(), model.into()];
    let mut fields = Fields::of(body, place).map_err(|problem| vec![problem])?;
    let described = read(&mut fields);
    let known = fields.given();
    fields.finish(Some(described)).map(|described| (known, described))
}

fn plugin(fields: &mut Fields<'_>, kind: PluginKind) -> Described {
    let mut plugin = Plugin::nameless(kind);
    plugin.id = fields.required("id", text).unwrap_or_default();
    plugin.name = fields.required("name", text);
    change_head(fields, &mut plugin);
    read_type(fields, kind.name());
    change_types(fields, &mut plugin, Extent::Whole);
    Described::Plugin(Box::new(plugin))
}

impl Plugin {
    /// An added plugin of which nothing is known but its kind.
    pub(crate) fn nameless(kind: PluginKind) -> Self {
        Self {
            id: String::new(),
            repository_id: Repository::LOCAL.to_owned(),
            name: None,
            version: None,
            authors: None,
            created: None,
            description: None,
            environment_keys: Vec::new(),
            related: None,
            enabled: kind == PluginKind::Normalizer,
            consumes: Vec::new(),
            produces: Vec::new(),
            added: true,
            kind: match kind {
                PluginKind::Boefje => Kind::Boefje(BoefjePart {
                    scan_level: 1,
                    deduplicate: true,
                    ..BoefjePart::default()
                }),
                PluginKind::Normalizer => Kind::Normalizer,
            },
            directory: None,
        }
    }
}

fn bit(fields: &mut Fields<'_>) -> Described {
    fields.required("id", text);
    fields.required("name", text);
    fields.nullable("version", text);
    fields.nullable("created", moment);
    fields.nullable("description", text);
    read_type(fields, "bit");
    fields.required("consumes", text);
    fields.required("produces", texts);
    fields.required("parameters", texts);
    Described::Bit
}

fn change_head(fields: &mut Fields<'_>, plugin: &mut Plugin) {
    set(&mut plugin.version, fields.nullable("version", text));
    set(&mut plugin.created, fields.nullable("created", moment));
    set(&mut plugin.description, fields.nullable("description", text));
}

/// What is decided by organisations and by the place that a plugin comes from is read and forgotten.
fn read_type(fields: &mut Fields<'_>, name: &'static str) {
    fields.optional("enabled", truth);
    fields.optional("static", truth);
    fields.optional("type", |value| match value {
        Json::Text(text) if text == name => Ok(()),
        _ => Err(Complaint::Literal(match name {
            "boefje" => "'boefje'",
            "normalizer" => "'normalizer'",
            _ => "'bit'",
        })
        .into()),
    });
}

fn change_types(fields: &mut Fields<'_>, plugin: &mut Plugin, extent: Extent) {
    let Kind::Boefje(boefje) = &mut plugin.kind else {
        set(&mut plugin.consumes, fields.optional("consumes", texts));
        set(&mut plugin.produces, fields.optional("produces", texts));
        return;
    };
    set(&mut boefje.scan_level, fields.optional("scan_level", scan_level));
    set(&mut plugin.consumes, fields.optional("consumes", text_set));
    set(&mut plugin.produces, fields.optional("produces", text_set));
    set(&mut boefje.schema, fields.nullable("boefje_schema", schema));
    set(&mut boefje.cron, fields.nullable("cron", schedule));
    set(&mut boefje.interval, fields.nullable("interval", whole));
    set(&mut boefje.run_on, fields.nullable("run_on", run_on));
    if extent == Extent::Whole {
        set(&mut boefje.runnable_hash, fields.nullable("runnable_hash", text));
    }
    set(&mut boefje.oci_image, fields.nullable("oci_image", text));
    set(&mut boefje.oci_arguments, fields.optional("oci_arguments", texts));
    if extent == Extent::Whole {
        set(&mut boefje.deduplicate, fields.optional("deduplicate", truth));
    }
}

fn set<T>(value: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *value = new;
    }
}

fn moment(value: &Json) -> Result<String, Unfit> {
    let Json::Text(text) = value else { return Err(Complaint::Moment.into()) };
    created::normalised(text).ok_or(Complaint::MomentParsing("it is none").into())
}

fn scan_level(value: &Json) -> Result<u8, Unfit> {
    let level = whole(value)?;
    match u8::try_from(level) {
        Ok(small) if level <= MAX_SCAN_LEVEL => Ok(small),
        _ if level < 0 => Err(Complaint::AtLeast(0).into()),
        _ => Err(Complaint::AtMost(MAX_SCAN_LEVEL).into()),
    }
}

fn schema(value: &Json) -> Result<Json, Unfit> {
    let schema = dictionary(value)?;
    if SettingsSchema::compile(&schema).is_err() {
        return Err(Complaint::Value("The schema field is not a valid JSON schema".into()).into());
    }
    Ok(schema)
}

fn schedule(value: &Json) -> Result<String, Unfit> {
    let schedule = text(value)?;
    cron::check(&schedule).map_err(Complaint::Value)?;
    Ok(schedule)
}

fn run_on(value: &Json) -> Result<Vec<RunOn>, Unfit> {
    let mut on = items(value, Complaint::List, |item| {
        let on = match item {
            Json::Text(name) => RunOn::named(name),
            _ => None,
        };
        on.ok_or(Complaint::Enumeration("'create' or 'update'").into())
    })?;
    on.sort_unstable();
    on.dedup();
    Ok(on)
}
