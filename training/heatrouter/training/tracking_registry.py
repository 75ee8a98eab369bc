"""The registry of MLflow: ``challenger`` is the newest policy, ``champion`` the one in service."""

from heatrouter.envs.errors import TrainingConfigError
from heatrouter.training.tracking_upload import CHALLENGER, CHAMPION, answering, make_client


def promote(uri: str, model: str, version: str | None = None) -> str:
    """Make a version of a registered model its champion.

    Args:
        uri: Of the store.
        model: Name of the registered model.
        version: Which one; by default the challenger.

    Returns:
        What was done, for a person.

    Raises:
        TrainingConfigError: There is no such model or version.
        StoreDownError: The store does not answer.
    """
    client = make_client(uri)
    from mlflow.exceptions import MlflowException

    with answering(uri):
        try:
            known = client.get_registered_model(model)
        except MlflowException as error:
            msg = f"{model!r}: {uri} has no registered model of that name"
            raise TrainingConfigError(msg) from error
        aliases = {str(alias): str(number) for alias, number in known.aliases.items()}
        wanted = version or aliases.get(CHALLENGER)
        if wanted is None:
            msg = f"{model!r} has no {CHALLENGER}; name a version with --version"
            raise TrainingConfigError(msg)
        try:
            found = client.get_model_version(model, wanted)
        except MlflowException as error:
            msg = f"{model!r} has no version {wanted!r}; see the registry"
            raise TrainingConfigError(msg) from error
        client.set_registered_model_alias(model, CHAMPION, found.version)
        if aliases.get(CHALLENGER) == str(found.version):
            client.delete_registered_model_alias(model, CHALLENGER)
    before = aliases.get(CHAMPION)
    instead = f" in the place of version {before}" if before and before != wanted else ""
    return f"{model}: version {wanted} is the champion{instead}"
