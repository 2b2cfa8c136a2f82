//! The header `Link` of an export that continues in another answer.

use posts::tweets::{CountryFilter, Order, PostQuery, Versions};

use super::format::{Format, Shape};

/// The value of a `Link` to the rest of an export (RFC 8288). The address is relative to the request's own, so it is right
/// wherever the API is.
pub(super) fn next(query: &PostQuery, shape: &Shape, cursor: &str) -> String {
    let PostQuery { keyword, from, before, filter, order } = query;
    let Shape { format, fields, formulas } = shape;
    let (fields, columns, formulas) = match format {
        Format::Jsonl => (Some(fields.names().join(",")), None, None),
        Format::Csv => (None, Some(fields.names().join(",")), Some(formulas.parameter().to_owned())),
        Format::Ids => (None, None, None),
    };
    let country = filter.country.map(CountryFilter::as_str);
    let order = match order {
        Order::NewestFirst => "newest",
        Order::OldestFirst => "oldest",
    };
    let parameters = [
        ("keyword", Some(keyword.to_string())),
        ("from", from.map(|from| from.to_string())),
        ("to", before.map(|before| before.to_string())),
        ("country", country.map(str::to_owned)),
        ("countryHow", filter.country_how.map(|how| how.to_string())),
        ("language", filter.language.clone()),
        ("text", filter.text.clone()),
        ("versions", (filter.versions == Versions::All).then(|| "all".to_owned())),
        ("order", Some(order.to_owned())),
        ("format", Some(format.parameter().to_owned())),
        ("fields", fields),
        ("columns", columns),
        ("formulas", formulas),
        ("cursor", Some(cursor.to_owned())),
    ];
    let mut address = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        if let Some(value) = value {
            address.append_pair(name, &value);
        }
    }
    format!("<?{}>; rel=\"next\"", address.finish())
}
