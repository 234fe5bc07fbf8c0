"""What a third party finds: its methods one file a family, scores on evidence, studies of measures, ranks of townships."""

from xhcp_eval._doors import door

__all__, __getattr__, __dir__ = door(
    __name__,
    {
        "agreement": "methods.agreement",
        "Appraisal": "scoring.appraisal",
        "appraise": "scoring.appraisal",
        "benefit": "methods.benefit",
        "conclusions": "methods.conclusions",
        "cost_studies": "studies.costs",
        "CostStudy": "studies.costs",
        "delphi": "methods.delphi",
        "difference_in_differences": "methods.difference_in_differences",
        "efficiency": "methods.efficiency",
        "equity": "methods.equity",
        "independent_check": "methods.independent_check",
        "interrupted_series": "methods.interrupted_series",
        "load_measures": "studies.effects",
        "load_ranking_rule": "unit_ranking",
        "rank_units": "unit_ranking",
        "ranking": "methods.ranking",
        "robustness": "methods.robustness",
        "rubric": "methods.rubric",
        "run_study": "studies.effects",
        "satisfaction": "methods.satisfaction",
        "synthetic_control": "methods.synthetic_control",
        "UnitRanking": "unit_ranking",
        "weights": "methods.weights",
    },
)
