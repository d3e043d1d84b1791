"""How long does a run of each of the nine jobs take, by the demo's clock?"""

import random
from datetime import datetime, timedelta

_SECONDS = {
    "daily_enrichment": 41,
    "generate_magazine_editions": 52,
    "sync_discogs_daily": 33,
    "generate_haiku_scheduled": 17,
    "export_collection_markdown": 3,
    "export_collection_json": 2,
    "optimize_ai_descriptions": 38,
    "weekly_haiku": 21,
    "monthly_analysis": 58,
}


def takes(job_id: str, began_at: datetime) -> timedelta:
    """How long the run that began then takes: by job and hour, so that every demo shows the same morning."""
    more = random.Random(f"{job_id} {began_at:%Y-%m-%d %H}").uniform(0, 0.8)
    return timedelta(seconds=_SECONDS[job_id] + more)
