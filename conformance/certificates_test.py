"""Domains of groups, certificates of the project, and every way of bringing them together."""

import unittest

import huaweicloudsdkapig.v2 as apig

from certificates_made import certificate
from official_client import SluiceTest


class Certificates(SluiceTest):
    def domain(self, name: str) -> tuple[str, str]:
        """A group of its own, and the id of the domain in it."""
        group = self.group(f"group_of_{name.replace('.', '_')}")
        created = self.client.associate_domain_v2(group_id=group, body=apig.UrlDomainCreate(url_domain=name))
        return group, created.id

    def uploaded(self, name: str, *domains: str) -> str:
        content, key = certificate(*domains)
        form = apig.CertificateForm(name=name, cert_content=content, private_key=key, type="global")
        return self.client.create_certificate_v2(body=form).id

    def certificates_of(self, group: str, domain: str) -> list[str]:
        seen = self.client.show_details_of_api_group_v2(group_id=group)
        (entry,) = [bound for bound in seen.url_domains if bound.id == domain]
        return [ssl.ssl_id for ssl in entry.ssl_infos or []]

    def test_a_domain_is_bound_changed_and_released(self) -> None:
        group, domain = self.domain("www.bound.com")
        updated = self.client.update_domain_v2(
            group_id=group,
            domain_id=domain,
            body=apig.UrlDomainModify(min_ssl_version="TLSv1.2", is_http_redirect_to_https=True),
        )
        (seen,) = self.client.show_details_of_api_group_v2(group_id=group).url_domains
        self.assertEqual((seen.domain, seen.min_ssl_version), ("www.bound.com", "TLSv1.2"))
        self.assertTrue(updated.is_http_redirect_to_https)
        self.client.disassociate_domain_v2(group_id=group, domain_id=domain)
        self.assertEqual(self.client.show_details_of_api_group_v2(group_id=group).url_domains, [])

    def test_a_certificate_from_its_upload_to_its_end(self) -> None:
        content, key = certificate("www.kept.com", "api.kept.com")
        form = apig.CertificateForm(name="kept", cert_content=content, private_key=key, type="global")
        identifier = self.client.create_certificate_v2(body=form).id
        seen = self.client.show_details_of_certificate_v2(certificate_id=identifier)
        self.assertEqual((seen.common_name, seen.san), ("www.kept.com", ["www.kept.com", "api.kept.com"]))
        self.assertEqual((seen.type, seen.instance_id, seen.algorithm_type), ("global", "common", "ECC"))

        content, key = certificate("www.kept.com")
        form = apig.CertificateForm(name="kept_anew", cert_content=content, private_key=key, type="global")
        self.client.update_certificate_v2(certificate_id=identifier, body=form)
        listed = self.client.list_certificates_v2(instance_id="common", name="kept_anew").certs
        self.assertEqual([(entry.id, entry.san) for entry in listed], [(identifier, ["www.kept.com"])])

        self.client.delete_certificate_v2(certificate_id=identifier)
        with self.refused(404, "APIG.3021"):
            self.client.show_details_of_certificate_v2(certificate_id=identifier)

    def test_a_certificate_is_attached_to_domains_and_detached(self) -> None:
        group, domain = self.domain("www.attached.com")
        identifier = self.uploaded("attached", "www.attached.com")
        domains = apig.AttachOrDetachDomainsReqBody(
            domains=[apig.AttachOrDetachDomainInfo(domain="www.attached.com", instance_ids=[self.client.instance])]
        )
        self.client.batch_associate_domains_v2(certificate_id=identifier, body=domains)
        attached = self.client.list_attached_domains_v2(certificate_id=identifier).bound_domains
        self.assertEqual([(entry.id, entry.api_group_id) for entry in attached], [(domain, group)])
        self.assertEqual(self.certificates_of(group, domain), [identifier])
        self.client.batch_disassociate_domains_v2(certificate_id=identifier, body=domains)
        self.assertEqual(self.client.list_attached_domains_v2(certificate_id=identifier).total, 0)

    def test_a_domain_takes_a_certificate_and_gives_it_back(self) -> None:
        group, domain = self.domain("www.taken.com")
        identifier = self.uploaded("taken", "www.taken.com")
        of_domain = {"group_id": group, "domain_id": domain}
        body = apig.AttachOrDetachCertsReqBody(certificate_ids=[identifier])
        self.client.batch_associate_certs_v2(**of_domain, body=body)
        self.assertEqual(self.certificates_of(group, domain), [identifier])
        self.client.batch_disassociate_certs_v2(**of_domain, body=body)
        self.assertEqual(self.certificates_of(group, domain), [])

    def test_a_domain_brings_a_certificate_of_its_own(self) -> None:
        group, domain = self.domain("www.own.com")
        content, key = certificate("www.own.com")
        of_domain = {"group_id": group, "domain_id": domain}
        identifier = self.client.associate_certificate_v2(
            **of_domain, body=apig.CertForm(name="own_one", cert_content=content, private_key=key)
        ).ssl_id
        seen = self.client.show_details_of_domain_name_certificate_v2(**of_domain, certificate_id=identifier)
        self.assertEqual((seen.id, seen.common_name, seen.type), (identifier, "www.own.com", "instance"))
        self.assertEqual(self.certificates_of(group, domain), [identifier])
        self.client.disassociate_certificate_v2(**of_domain, certificate_id=identifier)
        self.assertEqual(self.certificates_of(group, domain), [])


if __name__ == "__main__":
    unittest.main()
