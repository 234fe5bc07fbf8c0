"""What a third party finds: its methods one file a family, scores on evidence, studies of measures, ranks of townships."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "agreement": "methods.",
        "Appraisal": "scoring.appraisal",
        "appraise": "scoring.appraisal",
        "benefit": "methods.",
        "conclusions": "methods.",
        "cost_studies": "studies.costs",
        "CostStudy": "studies.costs",
        "delphi": "methods.",
        "difference_in_differences": "methods.",
        "efficiency": "methods.",
        "equity": "methods.",
        "independent_check": "methods.",
        "interrupted_series": "methods.",
        "load_description": "questionnaire",
        "load_measures": "studies.effects",
        "load_ranking_rule": "unit_ranking",
        "Questionnaire": "questionnaire",
        "rank_units": "unit_ranking",
        "ranking": "methods.",
        "read_questionnaire": "questionnaire",
        "robustness": "methods.",
        "rubric": "methods.",
        "run_study": "studies.effects",
        "satisfaction": "methods.",
        "survey_weights": "methods.",
        "synthetic_control": "methods.",
        "UnitRanking": "unit_ranking",
        "weights": "methods.",
    },
)
