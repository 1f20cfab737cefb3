# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS as a deployer: its deployment jobs, and the specified single call. PRIVATE to the collection."""

from __future__ import annotations

from . import cas
from .rpc import READ, SET, WRITE, Action

PRODUCT = cas.PRODUCT._replace(actions=dict(cas.PRODUCT.actions, **{
    "ListContact": READ,
    "ListCloudResources": READ,
    "CreateDeploymentJob": WRITE,
    "UpdateDeploymentJobStatus": SET,
    "DescribeDeploymentJobStatus": READ,
    "ListDeploymentJob": READ,
    "ListWorkerResource": READ,
    "UpdateWorkerResourceStatus": SET,
    # specified: the vendor's public SDK does not have it; today's public cloud answers InvalidAction.NotFound
    "DeployCertificateToCloudResource": Action(writes=True, repeat=True, standing="specified"),
}))


def cloud_resources(cloud, product, keyword):
    """Rows of CAS's own cache of deployable resources; ``Id`` is what CreateDeploymentJob wants."""
    return list(cloud.pages(
        "cas", "ListCloudResources", dict(CloudName="aliyun", CloudProduct=product, Keyword=keyword),
        rows=lambda answer: answer.get("Data") or [], total=lambda answer: answer.get("Total") or 0))


def contacts(cloud):
    return list(cloud.pages(
        "cas", "ListContact", {}, rows=lambda answer: answer.get("ContactList") or [],
        total=lambda answer: answer.get("TotalCount") or 0, size=20))


def workers(cloud, job_id):
    return list(cloud.pages(
        "cas", "ListWorkerResource", dict(JobId=job_id), rows=lambda answer: answer.get("Data") or [],
        total=lambda answer: answer.get("Total") or 0))


def running(cloud, certificate_id):
    """Ids of this certificate's deployment jobs that have been started and have not ended."""
    rows = (row for status in ("pending", "scheduling", "processing") for row in cloud.pages(
        "cas", "ListDeploymentJob", dict(JobType="user", CertId=certificate_id, Status=status),
        rows=lambda answer: answer.get("Data") or [], total=lambda answer: answer.get("Total") or 0))
    return sorted(set(row["Id"] for row in rows))
