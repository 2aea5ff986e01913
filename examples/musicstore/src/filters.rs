//! The filters of the lists.

use quintet::db::Condition;
use quintet::filters::FilterSet;
use quintet::filters::django_filters::*;
use quintet::prelude::*;

use crate::models::*;

const PRICE_TIERS: [(&str, &str); 3] =
    [("budget", "Below 1.00"), ("standard", "1.00 to 1.98"), ("premium", "1.99 and above")];

#[derive(FilterSet)]
#[filter_set(model = Track, fields(
    name(exact), album(exact, isnull), genre(exact, isnull), composer(exact, icontains),
    milliseconds(exact, gt, gte, lt, lte), unit_price(exact, gte, lte)
))]
#[allow(non_snake_case)]
pub struct TrackFilter {
    id__in: BaseInFilter<NumberFilter>,
    name__icontains: CharFilter,
    name__istartswith: CharFilter,
    #[filter(field = album__artist_id)]
    artist: NumberFilter,
    album__in: BaseInFilter<NumberFilter>,
    #[filter(lookup = iexact)]
    album__title: CharFilter,
    genre__name: CharFilter,
    genre__name__in: BaseInFilter<CharFilter>,
    media_type: ModelMultipleChoiceFilter<MediaType>,
    composer__isnull: BooleanFilter,
    milliseconds__range: BaseRangeFilter<NumberFilter>,
    #[filter(field = bytes)]
    size: RangeFilter,
    #[filter(choices = PRICE_TIERS, method = filter_price_tier)]
    price_tier: ChoiceFilter,
    #[filter(choices = PRICE_TIERS, method = filter_price_tiers)]
    price_tiers: MultipleChoiceFilter,
}

impl TrackFilter {
    fn tier(tier: &str) -> Condition<Track> {
        let (standard, premium) = (Decimal::new(100, 2), Decimal::new(199, 2));
        let price = Track::fields().unit_price();
        match tier {
            "budget" => price.lt(standard),
            "standard" => price.clone().gte(standard) & price.lt(premium),
            _ => price.gte(premium),
        }
    }

    fn filter_price_tier(tracks: QuerySet<Track>, _name: &str, tier: String) -> QuerySet<Track> {
        tracks.filter_by(Self::tier(&tier))
    }

    fn filter_price_tiers(
        tracks: QuerySet<Track>,
        _name: &str,
        tiers: Vec<String>,
    ) -> QuerySet<Track> {
        if tiers.is_empty() {
            return tracks;
        }
        tracks.filter_by(Condition::any(tiers.iter().map(|tier| Self::tier(tier))))
    }
}

#[derive(FilterSet)]
#[filter_set(model = Album, fields(artist(exact, in), title(exact, icontains, startswith)))]
pub struct AlbumFilter {
    #[filter(field = artist__name, lookup = icontains)]
    artist_name: CharFilter,
    #[filter(field = track_count, lookup = gte)]
    min_tracks: NumberFilter,
}

#[derive(FilterSet)]
#[filter_set(model = Invoice, fields(customer(exact), total(gte, lte), billing_country(exact, iexact)))]
pub struct InvoiceFilter {
    #[filter(field = invoice_date)]
    date: DateFromToRangeFilter,
    #[filter(field = invoice_date, lookup = gte)]
    since: IsoDateTimeFilter,
    #[filter(field = invoice_date, lookup = lt)]
    until: IsoDateTimeFilter,
    #[filter(field = invoice_date, lookup = year)]
    year: NumberFilter,
    #[filter(field = invoice_date, lookup = month)]
    month: NumberFilter,
    #[filter(field = invoice_date, lookup = date)]
    on: DateFilter,
}

#[derive(FilterSet)]
#[filter_set(model = Playlist, fields(is_public))]
#[allow(non_snake_case)]
pub struct PlaylistFilter {
    #[filter(field = owner__username)]
    owner: CharFilter,
    owner__isnull: BooleanFilter,
    #[filter(field = tracks)]
    has_track: ModelChoiceFilter<Track>,
    #[filter(ordering(name, created_at = created))]
    sort: OrderingFilter,
}
