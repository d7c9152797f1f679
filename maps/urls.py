"""Routes of the map side: console, live ticket, tiles, map products."""

from django.urls import path

from maps.console import (
    area_views,
    case_views,
    dispute_views,
    division_views,
    duty_views,
    live_views,
    plan_views,
    statistics_views,
)
from maps.reports import views as reports
from maps.tiles import views as tiles

_CONSOLE = "api/v1/console"

urlpatterns = [
    path(f"{_CONSOLE}/summary", area_views.SummaryView.as_view()),
    path(f"{_CONSOLE}/indicators", statistics_views.IndicatorsView.as_view()),
    path(f"{_CONSOLE}/areas", area_views.AreaListView.as_view()),
    path(f"{_CONSOLE}/grids", area_views.GridListView.as_view()),
    path(f"{_CONSOLE}/grids/<str:code>", area_views.GridView.as_view()),
    path(f"{_CONSOLE}/divisions", division_views.DivisionListView.as_view()),
    path(f"{_CONSOLE}/divisions/<uuid:division_id>", division_views.DivisionView.as_view()),
    path(f"{_CONSOLE}/divisions/<uuid:division_id>/edits", division_views.DivisionEditView.as_view()),
    path(f"{_CONSOLE}/divisions/<uuid:division_id>/check", division_views.DivisionCheckView.as_view()),
    path(f"{_CONSOLE}/divisions/<uuid:division_id>/repairs", division_views.DivisionRepairsView.as_view()),
    path(f"{_CONSOLE}/divisions/<uuid:division_id>/impact", division_views.DivisionImpactView.as_view()),
    path(f"{_CONSOLE}/divisions/<uuid:division_id>/publish", division_views.DivisionPublishView.as_view()),
    path(f"{_CONSOLE}/divisions/<uuid:division_id>/undo", division_views.DivisionUndoView.as_view()),
    path(f"{_CONSOLE}/workers", area_views.WorkerListView.as_view()),
    path(f"{_CONSOLE}/matters", area_views.MatterListView.as_view()),
    path(f"{_CONSOLE}/cases", case_views.CaseListView.as_view()),
    path(f"{_CONSOLE}/cases.geojson", case_views.CaseGeoJsonView.as_view()),
    path(f"{_CONSOLE}/cases/<uuid:case_id>", case_views.CaseView.as_view()),
    path(f"{_CONSOLE}/cases/<uuid:case_id>/actions", case_views.CaseActionView.as_view()),
    path(f"{_CONSOLE}/cases/<uuid:case_id>/reveal", case_views.CaseRevealView.as_view()),
    path(f"{_CONSOLE}/cases/<uuid:case_id>/return", dispute_views.DepartmentReturnView.as_view()),
    path(f"{_CONSOLE}/disputes", dispute_views.DisputeListView.as_view()),
    path(f"{_CONSOLE}/disputes/<uuid:dispute_id>", dispute_views.DisputeView.as_view()),
    path(f"{_CONSOLE}/disputes/<uuid:dispute_id>/ruling", dispute_views.DisputeRulingView.as_view()),
    path(f"{_CONSOLE}/plans", plan_views.PlanListView.as_view()),
    path(f"{_CONSOLE}/plans/<uuid:plan_id>", plan_views.PlanView.as_view()),
    path(f"{_CONSOLE}/plans/<uuid:plan_id>/publish", plan_views.PlanPublishView.as_view()),
    path(f"{_CONSOLE}/plans/<uuid:plan_id>/map.html", reports.RoundSheetView.as_view()),
    path(f"{_CONSOLE}/jobs/<uuid:job_id>", plan_views.JobView.as_view()),
    path(f"{_CONSOLE}/routes", plan_views.RouteListView.as_view()),
    path(f"{_CONSOLE}/tracks", plan_views.TrackView.as_view()),
    path(f"{_CONSOLE}/duty/calendar", duty_views.DutyCalendarView.as_view()),
    path(f"{_CONSOLE}/duty/state", duty_views.DutyStateView.as_view()),
    path(f"{_CONSOLE}/duty/preview", duty_views.DutyPreviewView.as_view()),
    path(f"{_CONSOLE}/duty/changes", duty_views.DutyChangesView.as_view()),
    path(f"{_CONSOLE}/duty/sheet", duty_views.DutySheetView.as_view()),
    path("api/v1/live/ticket", live_views.TicketView.as_view()),
    path("tiles/base/tile.json", tiles.BaseTileJsonView.as_view()),
    path("tiles/grids/tile.json", tiles.GridTileJsonView.as_view()),
    path("tiles/cases/tile.json", tiles.CaseTileJsonView.as_view()),
    path("tiles/base/<int:z>/<int:x>/<int:y>.mvt", tiles.BaseTileView.as_view()),
    path("tiles/grids/<int:z>/<int:x>/<int:y>.mvt", tiles.GridTileView.as_view()),
    path("tiles/cases/<int:z>/<int:x>/<int:y>.mvt", tiles.CaseTileView.as_view()),
]
