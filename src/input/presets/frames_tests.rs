//! The presets of events, spend and members: each is sound in itself.

use super::{Alternative, Kind, Preset};
use crate::input::Frame;
use crate::input::columns::{key, required, vocabulary};
use crate::input::formula::{Formula, Type};

const TEXTS: [(&str, &str); 16] = [
    ("ali_xiaowan", include_str!("ali_xiaowan.toml")),
    ("amplitude_export", include_str!("amplitude_export.toml")),
    ("ga4_bigquery", include_str!("ga4_bigquery.toml")),
    ("google_ads", include_str!("google_ads.toml")),
    ("meta_ads", include_str!("meta_ads.toml")),
    ("mixpanel_export", include_str!("mixpanel_export.toml")),
    ("oceanengine", include_str!("oceanengine.toml")),
    ("pdd_ads", include_str!("pdd_ads.toml")),
    ("posthog_events", include_str!("posthog_events.toml")),
    ("qianchuan", include_str!("qianchuan.toml")),
    ("segment_tracks", include_str!("segment_tracks.toml")),
    ("sensors_events", include_str!("sensors_events.toml")),
    ("wanxiang_plan", include_str!("wanxiang_plan.toml")),
    ("wanxiang_product", include_str!("wanxiang_product.toml")),
    ("wecom_customers", include_str!("wecom_customers.toml")),
    ("youzan_customers", include_str!("youzan_customers.toml")),
];

fn all() -> impl Iterator<Item = Preset> {
    TEXTS.iter().map(|(id, text)| {
        let preset: Preset = toml::from_str(text).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(preset.id, *id);
        preset
    })
}

/// Whether the preset's header has a column of this name; `*` stands for any text, also for a unit.
fn has(preset: &Preset, name: &str) -> bool {
    let wanted = key(name);
    let (start, end) = wanted.split_once('*').unwrap_or((&wanted, ""));
    preset.header.iter().any(|column| {
        let column = key(column);
        column == wanted
            || wanted.contains('*')
                && (column.starts_with(start) && column.ends_with(end)
                    || column == start.trim_end_matches('('))
    })
}

#[test]
fn presets_of_other_frames_are_sound() {
    for preset in all() {
        let id = preset.id.as_str();
        let frame = match preset.kind {
            Kind::Events => Frame::Events,
            Kind::Spend => Frame::Spend,
            Kind::Members => Frame::Members,
            other => panic!("{id}: {other:?}"),
        };
        for canonical in preset.columns.keys() {
            assert!(vocabulary(frame).iter().any(|column| column.name == canonical), "{id}: {canonical}");
        }
        for canonical in required(frame) {
            assert!(preset.columns.contains_key(*canonical), "{id} lacks {canonical}");
        }
        let mut named: Vec<String> = preset.fingerprint.required.clone();
        named.extend(preset.fingerprint.any_of.iter().flatten().cloned());
        named.extend(preset.fingerprint.distinctive.iter().cloned());
        for alternative in preset.columns.values().flat_map(|source| &source.0) {
            match alternative {
                Alternative::Column(name) => named.push(name.clone()),
                Alternative::Formula { formula } => {
                    named.extend(Formula::parse(formula, id).unwrap().columns().iter().cloned());
                }
                Alternative::Constant { constant } => assert!(!constant.is_empty(), "{id}"),
            }
        }
        for rule in &preset.drop {
            let formula = Formula::parse(&rule.when, id).unwrap();
            assert_eq!(formula.result(), Type::Flag, "{id}: {}", rule.when);
            named.extend(formula.columns().iter().cloned());
        }
        for name in named {
            assert!(has(&preset, &name), "{id}: {name} is not in its header");
        }
        for name in &preset.fingerprint.forbidden {
            assert!(!has(&preset, name), "{id}: {name} is forbidden and in its header");
        }
        if let Some(zone) = &preset.time_zone {
            assert!(zone.parse::<chrono_tz::Tz>().is_ok(), "{id}: {zone}");
        }
        assert!(!preset.quirks.is_empty() && !preset.evidence.is_empty(), "{id}");
        assert!(preset.amounts.is_none() && preset.status.is_none() && preset.items.is_none(), "{id}");
    }
}

#[test]
fn each_header_has_one_fingerprint() {
    for preset in all() {
        let fits = |other: &Preset| {
            let fingerprint = &other.fingerprint;
            fingerprint.required.iter().all(|name| has(&preset, name))
                && fingerprint.any_of.iter().all(|group| group.iter().any(|name| has(&preset, name)))
                && !fingerprint.forbidden.iter().any(|name| has(&preset, name))
        };
        let ids: Vec<String> = all().filter(fits).map(|other| other.id).collect();
        assert_eq!(ids, std::slice::from_ref(&preset.id));
    }
}
