// SPDX-License-Identifier: Apache-2.0

/// Keys and certificates made for tests with another library (Python's cryptography); they guard nothing. The certificates are valid from
/// 2025 to 2035 where their name says nothing else.
package enum KeyFixtures {
    package static let rsaKey = """
        -----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC1Tk069F+qb11u
        YJR8mhVGfWlGIsUa0s1rl9CY8mWB3JmpNswAA8tjPNhSdMSb4UvznwSG25VBEcAm
        cvl8QmUUsPvnmNGWJgq7OBqCZDU29LqUTaUVDVEX5OnL8lJU0ZrmVrubSBGaXUbT
        156drfCi/ozYNoJ48y5f8vJ7d44+dsvAWhdUX7FOVhODjnG8X+t1NX2QR/pxQgGc
        Lwg6M3F1ojahBbVBtPhWXSDP4CK3+vAO5Jx4pbniv8n3ocWRFNUHyqYbpOAxZ5r9
        v6v04JXcl9P5sIGgLUraZaMRMB6HkHTWf5agdNWZmJCK7dqepfyAszMlDKZ3OQWS
        Z2xA0zUNAgMBAAECggEAAJCSWlC2CGBcRUkLMfNC3fEI1ylJcQIRB3MMeRY1agU9
        kCh80eEkjlzqoFmVXA/fxDwupN2x/hY+Ce8MAFxdvyEiRuId0r8GTTqzWzEvFTNR
        L1B1PUPlX8Wu7IBD621MDp421HUrFopeCyXKPjpNcaKgbx4fVQX5co7sWEb4BRvO
        9R0HEk9+xB8sjZpGRBRiBcCYef2ouauo5o2fDOiD89HNkBaeCwFxMnVb2u65hDDx
        uZsqbr3PWf1snZoD/jKTDOryY8/uNU+5Ft3BOrXQTZaECEsxG+pLpZCfEPCtBUv8
        f2FT4f9tMmVIOB8OGP7Vc61s2XrPX4pDUl7JFGBBSQKBgQDcYaVE4ZCAc2+GN3XH
        2w0IkFfQkP/lSICHSAXkuHgl56Yz4YsxgLOsX4yiRccFO4VE9F5VyuOhyR0lVkCE
        3uoe6LRR5UXv0hE9FnpDpXnlJi2AjnbXTmE68L42MKiJnG3IUmOlxw9ko3I4QEM4
        BLaDefK0gkfYnv8rLwKdgYvPRQKBgQDSm+RNJ5RARr+m1q/XU/Ds4/+P6/oF9Dar
        f/LY52X6KNxJkIHzk66L1ewwZrLtH/xAgEGyGGJS5tquhxXei1meQfU4FlRYn+Uo
        QH7OJPx/w0ADt0cj2HT/BN8Sed16ZsKyfcKFRkwm2ZmMtWQzDy87+/lfO9J9hn0+
        EZ8SW2WnKQKBgFR1J31KZLKVirwJLR42mLwbdUv9BdS9AGTX+Uo6V/FO4acoXMvP
        4wvAYokd7LPYp65RaIXAh5RNGtpgP8GsHFVUISbxkufhvbGHl7utAxYKl42ZC3pg
        E2sfMAZch3qVdI085et2ajPLX86m8hvZ0oh4h8cd1qLx7CCEl5/9MbNxAoGBAJmo
        YWYlVVWcCKIqCnsY5DOBmWig63bCmcyAembkVROyEh6eDyHugq/FcSBTHYJCDuHk
        cYoFnl8LzUr+hecrVkRPrSCxsfJDHodCnwG6HHr+skrDwmSVva5+GF67iOqP5Mcj
        V/OyuUazBgOSKDvUfUrPaT6hP86Te/b4Fk3nXwAZAoGANykOPgEJlBK1rigPB/iP
        Pc3TX7RY75C+GdYh7JtgFahK/hUYkevY8Nl2Pg+FfA/9LOajgpX1hwQxYZv6R507
        7cIpsBc7OmBRDARK3W1yu8zX1nnSAjozofD/9aueh408WZbfpRKZAsa0Sc1fyVSC
        bV8dCq8zPY2Xl9CiW6lf1Cg=
        -----END PRIVATE KEY-----
        """

    package static let otherRSAKey = """
        -----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDKRtqEGAVHjpZl
        5SCTPYpl4LyJWqqy89R6jFNvRK7TefKx4B54X+lxD4IvrX1gZUZJoCOp+ZtD45O1
        NSa6p4XTSjxE5JOfL0AtXVIDzkD58od2KN7fyhfmwx8UiSv16CdH8tjCmZqXbYsr
        tYb56jeWCIuNpiXN5NFy2v4jszdnKVX+0bu3hDevfGw2G3R/iooAMinK1y9ltxxe
        ON/SI1kwMaqqTLS25fhDVbhMHyvJMKen2wi+M54iIPi0GVNB3DrfzekPaxQ78Vib
        hkH66L/KPYarUozyVTYc9zFHtTFBb6s9mZdLDLWxLxbIwOVM9FCtzOdGiAPx2iD7
        OeRXd2nXAgMBAAECggEAVqbxt0K/CD96CF6WjN0BK9GRktnHZG/15yW0HGd06V1F
        bZPQGcskqu103M3advALo0C55nfqXrPgM/F4DN/1AWW82dp9ruTD/msK1lyGE00l
        YKXzjDT79jxCVT7KGUcBhN3wo7S/t/0ScIAMOYVvmJNCjUTOzxwl6akM0+hTZJpZ
        +uKkoN1Qc2GnzVLIU2KrIoInw+/0vhPpEKQe0f1eZ1b3gQKPQDIi1migTBJlEezD
        FAL+ShlzNYZL+PXRLVni6OdTN4RuesQYhhja0cKLM1SJVIp7GGhbS5ZF2WxVzYp7
        624tRbFeGoHy/xH9EzMXMxClpvhu+LNGZA/RF6AfQQKBgQD3TrLgMn1I0Huv7AZJ
        b62ojpAFTqzOmEegHthTVV8JxpUyVre0iTSnE4Zo7l8fw+S8hXxFLVOi0Tno2Obm
        TppOfnBGOyILIzwZY8+dzzbxbVRrX2my6cLggmCerj2+g9pbZtH7Cmo8JOkI6Xwh
        j13SOcFZNHLfXErbuUP9jAiddwKBgQDRYva7UVzRFX5gcIn11g1QIYQj7+PeQz+x
        v99WHPeEB0+mDj6xPhDZxEyb7WVKNvBXkEh5ya9lWGuxsmvX1b/rY2pPQEmHKDQ+
        7uY411PXTNZRDt9c2024jGm3ER3y37hU4duVGtU613RjtCp5j3cfdxU9xvbTHBvn
        PlkG0IcuoQKBgAnDHoaBF7b3G9rO61ScxvMfZYoAGAwzsKgeb5WiihTdtOf+ylOj
        EuQBfk3IExMy7WWPs18bsfB8Z9fMMBkpQygUD6SGEwrzghzSdtCY7GdNVIbEhmyc
        k6e/HcdFw4Qwuj7faSyKtbTYFCbY6KB+g0qYIwy9aEdu4jmYL5njnDdzAoGAXLhj
        I+3SmS/YZ6JOJVOlT4+X8UYAdOL4qKCbqIlpPcjzB0iVkG04jwYzGnVUfjm30j6t
        KWkbR1iRT/3/bXNU6kp6wB9qr/QotpmZzx/jG5sF6J0aYgcm8osTISLuTSeue8AM
        OYnJVKYl/yTADlZuXLuh51pc4H05Cfx89dyPkCECgYEAxeHyzulDRVNOb9Nj0zNh
        GQ7j3HAMclmMAlWdYhj5EF1IDalZHiAys7K7cQ2TyG/kYgnKuVQsZhVVc0KbhSg+
        WHKe3F5UJQmMDgOXFkVjZ64bbTbQTgZSelOEhTlGYmLrttFiSCUojjLEqWue9zGV
        XDdEBXxTguQjBh1R7oUpp1g=
        -----END PRIVATE KEY-----
        """

    package static let weakRSAKey = """
        -----BEGIN PRIVATE KEY-----
        MIICeAIBADANBgkqhkiG9w0BAQEFAASCAmIwggJeAgEAAoGBANikJBvHA9mDwMua
        aqheqI0Hf+VyaZRNFO1jjMzIxjjd8SXgepvz7mXmRquEUqTwnvqXh5O5uHW9pK6n
        BZCoZPRpv2y6q7Js3ts3J2c1aeyW9OzKfnxQLVWAAQ4PW28d86qRsd6fVvcZ6vuF
        8j2pCta1EhdS7T79NXd8atZtGVSnAgMBAAECgYEAvCqdfk72xgfM/ktKFqHZLl10
        NfuRPpFQ+vu7gOdmXGBRoz9931UZHQLNIQ6WpdKlkyzoQmROll2420YQ7FuHCrZt
        M4hAc7h77Tsn42EFEREXqfDu7pY+BxQXNoWQOreN7hR5U/V9w0QUVxytuU1HuurV
        1ZaIQSCkrjNMSQH9wTECQQDtqDZFP2hZ8l3KDh5+36jSaeizH4dK4/4ko/+d89wL
        B3ET9pj2HjepJp1EYHmq6/ELEUOeVAvOpWVvDvw0f7s5AkEA6VyuyVe+7FM0g/i1
        KVPHjS/bAXg5oXdQ04aQU3wyqD5qGJ8O/0LF/UFuzl4Bl5rBp/eR0qQhQY9scY55
        Arku3wJBAI9ZCPMX3e9zG1NG1OoeKgxQyYVRnR91CdQ7/3DcqHsWkAREl9rMOzKS
        EgYuUvTfv9K3JRwZAc4xQU+NsF5SNTECQBkUF8iVgHQfQP6JxNZLJZ/bq7qNtAvR
        KcOBq5L9PuhrxLUeqtrtzx83X/QXkC49uGAXr/kmIFjOVAYkHIcZZZsCQQCa3ews
        0HaRCKIrndK5U4Z1ht64eLNkzbDM5YH9u6VyerjKc+M8EIiHB37UtQA+ETUUzF9X
        LRyuqvBwhRNU6rj4
        -----END PRIVATE KEY-----
        """

    package static let p256Key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFZo8YzzVqAfqlFoR
        RGyLOrAa0ZXTeJyfN+UGpkSaVpehRANCAATWma1ClEpgjTfkrEj7PDVgLrEUWXwF
        useqI9FnohebvA9bs+ri/bl6EcpyluVNZvj8HGt8uOERpVj+DHSRcvtq
        -----END PRIVATE KEY-----
        """

    package static let otherP256Key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggw3r0gBepn+k5Ndc
        2F0xbQ0ffxaZxTvoZ/C8+9sPymGhRANCAARDDBuZICg2eXaShzUITWORAr+h25OR
        ju2nli39N4x8VZ8I6W9CwkvXE2pqyFiXHi9xVY97+ed1REwarBCA0vTn
        -----END PRIVATE KEY-----
        """

    package static let p384Key = """
        -----BEGIN PRIVATE KEY-----
        MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDC7Y6yHblnVyB1+CgJH
        xHkb2llvbMfmtSvgQk1rxPmQ9oMx/EJTvKGDXMNAGYlz9yahZANiAATMoYMbwDzZ
        qzmLUB+uU8C+4bFLli5rG5f35JdurANXVQOjwehQRkVtVZyVRjlGXr2Ed94/7yGZ
        OuaAceFsgwdSKFYv9IiqEnkrNE4fxtJeZGPpNr4rapX+LkvmvTe5nYo=
        -----END PRIVATE KEY-----
        """

    package static let rootCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIBKjCB0aADAgECAgID6TAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlUZXN0IFJv
        b3QwHhcNMjUwMTAxMDAwMDAwWhcNMzUwMTAxMDAwMDAwWjAUMRIwEAYDVQQDDAlU
        ZXN0IFJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATe9759DJjTKWF8PGvc
        C7UpJvx3LBOMAGKij532cMQZJY8xZlTxCePRXCBvCP2zS7U25LfMy3S+1wX1Gg1C
        q7gloxMwETAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCacaht
        CfIXFR1NTrBRg4XmsKfUQiUsOgvqIZ5iF6GQsgIgQJ2iXlJ5K7DIWnYgQWQ8FGvB
        pNmld3ZBbN9kV2K2Vjs=
        -----END CERTIFICATE-----
        """

    package static let otherRootCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIBLTCB06ADAgECAgID6jAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDApPdGhlciBS
        b290MB4XDTI1MDEwMTAwMDAwMFoXDTM1MDEwMTAwMDAwMFowFTETMBEGA1UEAwwK
        T3RoZXIgUm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDCEGp0Vvd4xRUhj
        ZhsGvRafSN+iW37y0dBRlhyneR6bUwGASTmuNNDq1qsP6lRG0VGYPokHTgtQo7eP
        9Xye1HmjEzARMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAKGN
        i5zrOn2KQN+l5HS8FE/TXwQI4TPQmgAO87+Q7XXuAiEAy36/3A8UHqhYF3X5cY+J
        6Ny5zu6khIbSLMYsGFUorLQ=
        -----END CERTIFICATE-----
        """

    package static let intermediateCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIBMjCB2aADAgECAgID6zAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlUZXN0IFJv
        b3QwHhcNMjUwMTAxMDAwMDAwWhcNMzUwMTAxMDAwMDAwWjAcMRowGAYDVQQDDBFU
        ZXN0IEludGVybWVkaWF0ZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPJ/BpH3
        BYDYYgAQYaF1UbA3SpulZkE2RGuCN1Vv2uh0Y8fTtfSVIg/r0+w6idczsXXKPj3u
        5LYbApatNG7yhlKjEzARMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAw
        RQIgFj2ryX6AdMVU2AMZV3vyB0a31Y9+P9fdNDcFyTMr+g0CIQD8JCyAdhHvEiio
        VGbta/rz6In8v2+HEWzdj3t1RGffsg==
        -----END CERTIFICATE-----
        """

    package static let paypalCertificate = """
        -----BEGIN CERTIFICATE-----
        MIICRTCCAeugAwIBAgICA+wwCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwRVGVzdCBJ
        bnRlcm1lZGlhdGUwHhcNMjUwMTAxMDAwMDAwWhcNMzUwMTAxMDAwMDAwWjAuMSww
        KgYDVQQDDCNtZXNzYWdldmVyaWZpY2F0aW9uY2VydHMucGF5cGFsLmNvbTCCASIw
        DQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBALVOTTr0X6pvXW5glHyaFUZ9aUYi
        xRrSzWuX0JjyZYHcmak2zAADy2M82FJ0xJvhS/OfBIbblUERwCZy+XxCZRSw++eY
        0ZYmCrs4GoJkNTb0upRNpRUNURfk6cvyUlTRmuZWu5tIEZpdRtPXnp2t8KL+jNg2
        gnjzLl/y8nt3jj52y8BaF1RfsU5WE4OOcbxf63U1fZBH+nFCAZwvCDozcXWiNqEF
        tUG0+FZdIM/gIrf68A7knHilueK/yfehxZEU1QfKphuk4DFnmv2/q/TgldyX0/mw
        gaAtStploxEwHoeQdNZ/lqB01ZmYkIrt2p6l/ICzMyUMpnc5BZJnbEDTNQ0CAwEA
        AaNAMD4wDAYDVR0TAQH/BAIwADAuBgNVHREEJzAlgiNtZXNzYWdldmVyaWZpY2F0
        aW9uY2VydHMucGF5cGFsLmNvbTAKBggqhkjOPQQDAgNIADBFAiEAqtEPAzKO+uHO
        LDVnCky4mTgSNSAq720weuBY3LJuPHgCIDwOA9t2idGHej1htKoGeqcmfcg3OW2I
        ZkDCm9uw/L7F
        -----END CERTIFICATE-----
        """

    package static let snsCertificate = """
        -----BEGIN CERTIFICATE-----
        MIICIDCCAcegAwIBAgICA+0wCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwRVGVzdCBJ
        bnRlcm1lZGlhdGUwHhcNMjUwMTAxMDAwMDAwWhcNMzUwMTAxMDAwMDAwWjAcMRow
        GAYDVQQDDBFzbnMuYW1hem9uYXdzLmNvbTCCASIwDQYJKoZIhvcNAQEBBQADggEP
        ADCCAQoCggEBALVOTTr0X6pvXW5glHyaFUZ9aUYixRrSzWuX0JjyZYHcmak2zAAD
        y2M82FJ0xJvhS/OfBIbblUERwCZy+XxCZRSw++eY0ZYmCrs4GoJkNTb0upRNpRUN
        URfk6cvyUlTRmuZWu5tIEZpdRtPXnp2t8KL+jNg2gnjzLl/y8nt3jj52y8BaF1Rf
        sU5WE4OOcbxf63U1fZBH+nFCAZwvCDozcXWiNqEFtUG0+FZdIM/gIrf68A7knHil
        ueK/yfehxZEU1QfKphuk4DFnmv2/q/TgldyX0/mwgaAtStploxEwHoeQdNZ/lqB0
        1ZmYkIrt2p6l/ICzMyUMpnc5BZJnbEDTNQ0CAwEAAaMuMCwwDAYDVR0TAQH/BAIw
        ADAcBgNVHREEFTATghFzbnMuYW1hem9uYXdzLmNvbTAKBggqhkjOPQQDAgNHADBE
        AiB6DhoBJcsTKPbhNjDO7pAXMakeXykUzGFNcRRovHvnPgIgR9AFUm4GsoM6P2ni
        Wy8anbApqmojGRMRpi9eQMqq1PM=
        -----END CERTIFICATE-----
        """

    package static let otherSNSCertificate = """
        -----BEGIN CERTIFICATE-----
        MIICIDCCAcegAwIBAgICA+4wCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwRVGVzdCBJ
        bnRlcm1lZGlhdGUwHhcNMjUwMTAxMDAwMDAwWhcNMzUwMTAxMDAwMDAwWjAcMRow
        GAYDVQQDDBFzbnMuYW1hem9uYXdzLmNvbTCCASIwDQYJKoZIhvcNAQEBBQADggEP
        ADCCAQoCggEBAMpG2oQYBUeOlmXlIJM9imXgvIlaqrLz1HqMU29ErtN58rHgHnhf
        6XEPgi+tfWBlRkmgI6n5m0Pjk7U1JrqnhdNKPETkk58vQC1dUgPOQPnyh3Yo3t/K
        F+bDHxSJK/XoJ0fy2MKZmpdtiyu1hvnqN5YIi42mJc3k0XLa/iOzN2cpVf7Ru7eE
        N698bDYbdH+KigAyKcrXL2W3HF4439IjWTAxqqpMtLbl+ENVuEwfK8kwp6fbCL4z
        niIg+LQZU0HcOt/N6Q9rFDvxWJuGQfrov8o9hqtSjPJVNhz3MUe1MUFvqz2Zl0sM
        tbEvFsjA5Uz0UK3M50aIA/HaIPs55Fd3adcCAwEAAaMuMCwwDAYDVR0TAQH/BAIw
        ADAcBgNVHREEFTATghFzbnMuYW1hem9uYXdzLmNvbTAKBggqhkjOPQQDAgNHADBE
        AiB46sduwNwG/PCct6WhQ/Zxut1pdt8Yqe6O2N+EbwhHWwIgL2VU7DPHfXBjD9OL
        V2wMgHqOP3OzKunzoQfivaBlPzQ=
        -----END CERTIFICATE-----
        """

    package static let evilCertificate = """
        -----BEGIN CERTIFICATE-----
        MIICDDCCAbKgAwIBAgICA+8wCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwRVGVzdCBJ
        bnRlcm1lZGlhdGUwHhcNMjUwMTAxMDAwMDAwWhcNMzUwMTAxMDAwMDAwWjAlMSMw
        IQYDVQQDDBpzbnMuYW1hem9uYXdzLmNvbS5ldmlsLm9yZzCCASIwDQYJKoZIhvcN
        AQEBBQADggEPADCCAQoCggEBALVOTTr0X6pvXW5glHyaFUZ9aUYixRrSzWuX0Jjy
        ZYHcmak2zAADy2M82FJ0xJvhS/OfBIbblUERwCZy+XxCZRSw++eY0ZYmCrs4GoJk
        NTb0upRNpRUNURfk6cvyUlTRmuZWu5tIEZpdRtPXnp2t8KL+jNg2gnjzLl/y8nt3
        jj52y8BaF1RfsU5WE4OOcbxf63U1fZBH+nFCAZwvCDozcXWiNqEFtUG0+FZdIM/g
        Irf68A7knHilueK/yfehxZEU1QfKphuk4DFnmv2/q/TgldyX0/mwgaAtStploxEw
        HoeQdNZ/lqB01ZmYkIrt2p6l/ICzMyUMpnc5BZJnbEDTNQ0CAwEAAaMQMA4wDAYD
        VR0TAQH/BAIwADAKBggqhkjOPQQDAgNIADBFAiEAgOuy6i7axbISkIcpJhiqszou
        8wJw2p5d66dihFeRmL4CIAOMBG731fh25wY16eU4De4GOCM1GTFStItQE+Wr7IKP
        -----END CERTIFICATE-----
        """

    package static let expiredCertificate = """
        -----BEGIN CERTIFICATE-----
        MIICAzCCAamgAwIBAgICA/AwCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwRVGVzdCBJ
        bnRlcm1lZGlhdGUwHhcNMjQwMTAxMDAwMDAwWhcNMjUwMTAxMDAwMDAwWjAcMRow
        GAYDVQQDDBFzbnMuYW1hem9uYXdzLmNvbTCCASIwDQYJKoZIhvcNAQEBBQADggEP
        ADCCAQoCggEBALVOTTr0X6pvXW5glHyaFUZ9aUYixRrSzWuX0JjyZYHcmak2zAAD
        y2M82FJ0xJvhS/OfBIbblUERwCZy+XxCZRSw++eY0ZYmCrs4GoJkNTb0upRNpRUN
        URfk6cvyUlTRmuZWu5tIEZpdRtPXnp2t8KL+jNg2gnjzLl/y8nt3jj52y8BaF1Rf
        sU5WE4OOcbxf63U1fZBH+nFCAZwvCDozcXWiNqEFtUG0+FZdIM/gIrf68A7knHil
        ueK/yfehxZEU1QfKphuk4DFnmv2/q/TgldyX0/mwgaAtStploxEwHoeQdNZ/lqB0
        1ZmYkIrt2p6l/ICzMyUMpnc5BZJnbEDTNQ0CAwEAAaMQMA4wDAYDVR0TAQH/BAIw
        ADAKBggqhkjOPQQDAgNIADBFAiBZ0UnyvutSqVzXfBS11xgYPPB5ze/jjnOyhYnH
        fkxOMgIhAOdY3xUbNeHD609ALWbrURm9gip5TakvZ16Har+02y7Y
        -----END CERTIFICATE-----
        """

    package static let expiredPayPalCertificate = """
        -----BEGIN CERTIFICATE-----
        MIICFjCCAbugAwIBAgICA/EwCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwRVGVzdCBJ
        bnRlcm1lZGlhdGUwHhcNMjQwMTAxMDAwMDAwWhcNMjUwMTAxMDAwMDAwWjAuMSww
        KgYDVQQDDCNtZXNzYWdldmVyaWZpY2F0aW9uY2VydHMucGF5cGFsLmNvbTCCASIw
        DQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBALVOTTr0X6pvXW5glHyaFUZ9aUYi
        xRrSzWuX0JjyZYHcmak2zAADy2M82FJ0xJvhS/OfBIbblUERwCZy+XxCZRSw++eY
        0ZYmCrs4GoJkNTb0upRNpRUNURfk6cvyUlTRmuZWu5tIEZpdRtPXnp2t8KL+jNg2
        gnjzLl/y8nt3jj52y8BaF1RfsU5WE4OOcbxf63U1fZBH+nFCAZwvCDozcXWiNqEF
        tUG0+FZdIM/gIrf68A7knHilueK/yfehxZEU1QfKphuk4DFnmv2/q/TgldyX0/mw
        gaAtStploxEwHoeQdNZ/lqB01ZmYkIrt2p6l/ICzMyUMpnc5BZJnbEDTNQ0CAwEA
        AaMQMA4wDAYDVR0TAQH/BAIwADAKBggqhkjOPQQDAgNJADBGAiEAqVKaysVmdJBz
        nlO2GYnPUGXv1tRg7tPeA3QMW2QHqVgCIQCxtbvoZlsZRvDmrR/CUNev4CRfymaa
        9qZAkNfYYw8DGA==
        -----END CERTIFICATE-----
        """

    package static let earlyCertificate = """
        -----BEGIN CERTIFICATE-----
        MIICAzCCAamgAwIBAgICA/IwCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwRVGVzdCBJ
        bnRlcm1lZGlhdGUwHhcNMzAwMTAxMDAwMDAwWhcNMzUwMTAxMDAwMDAwWjAcMRow
        GAYDVQQDDBFzbnMuYW1hem9uYXdzLmNvbTCCASIwDQYJKoZIhvcNAQEBBQADggEP
        ADCCAQoCggEBALVOTTr0X6pvXW5glHyaFUZ9aUYixRrSzWuX0JjyZYHcmak2zAAD
        y2M82FJ0xJvhS/OfBIbblUERwCZy+XxCZRSw++eY0ZYmCrs4GoJkNTb0upRNpRUN
        URfk6cvyUlTRmuZWu5tIEZpdRtPXnp2t8KL+jNg2gnjzLl/y8nt3jj52y8BaF1Rf
        sU5WE4OOcbxf63U1fZBH+nFCAZwvCDozcXWiNqEFtUG0+FZdIM/gIrf68A7knHil
        ueK/yfehxZEU1QfKphuk4DFnmv2/q/TgldyX0/mwgaAtStploxEwHoeQdNZ/lqB0
        1ZmYkIrt2p6l/ICzMyUMpnc5BZJnbEDTNQ0CAwEAAaMQMA4wDAYDVR0TAQH/BAIw
        ADAKBggqhkjOPQQDAgNIADBFAiEAgLljkddQeAD63z9c6lXhpTGRWv0s0VIs/uT2
        MdtBwaECIHPIDlUMJOUc+j7TiPIA6CUHuQ9TbiriqB+h5wCeWzqY
        -----END CERTIFICATE-----
        """

    package static let namelessCertificate = """
        -----BEGIN CERTIFICATE-----
        MIICrjCCAZagAwIBAgICA/MwDQYJKoZIhvcNAQELBQAwETEPMA0GA1UECgwGTm9i
        b2R5MB4XDTI1MDEwMTAwMDAwMFoXDTM1MDEwMTAwMDAwMFowETEPMA0GA1UECgwG
        Tm9ib2R5MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtU5NOvRfqm9d
        bmCUfJoVRn1pRiLFGtLNa5fQmPJlgdyZqTbMAAPLYzzYUnTEm+FL858EhtuVQRHA
        JnL5fEJlFLD755jRliYKuzgagmQ1NvS6lE2lFQ1RF+Tpy/JSVNGa5la7m0gRml1G
        09eena3wov6M2DaCePMuX/Lye3eOPnbLwFoXVF+xTlYTg45xvF/rdTV9kEf6cUIB
        nC8IOjNxdaI2oQW1QbT4Vl0gz+Ait/rwDuSceKW54r/J96HFkRTVB8qmG6TgMWea
        /b+r9OCV3JfT+bCBoC1K2mWjETAeh5B01n+WoHTVmZiQiu3anqX8gLMzJQymdzkF
        kmdsQNM1DQIDAQABoxAwDjAMBgNVHRMBAf8EAjAAMA0GCSqGSIb3DQEBCwUAA4IB
        AQAb/duBTZSocKSqeho/mqFM2m0jE1ztBlWPMELXztc+wdAmKAdIpWa0hHtYxIs0
        E4MA/Vsp6eHXqgtVxT2+HadNvCm4vMI+MeLBv9A3BEf32yB8YUmymEcIfblF9tz3
        XP3QTsc+QhKrPhwz75bscdzUdwsRBeBQFJATpVujtXRwsnr657p5dRuQZG4iIIBl
        Z8bOVJKqaZYO+FKYHY3F1qelFYDuxKw+Gb/goMSwegVY7CTktl+JSt1CyUecAxL7
        X04dmEf9b8K4EvI+J03XBrNrCPxo7giXs9uFCK9MmbzxeDXQ7ncQsDS6AuImvzZT
        Jkx4gsDyM2G2t6TsaiHN4WcL
        -----END CERTIFICATE-----
        """

    package static let noAuthorityCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIC6DCCAdCgAwIBAgICA/QwDQYJKoZIhvcNAQELBQAwLjEsMCoGA1UEAwwjbWVz
        c2FnZXZlcmlmaWNhdGlvbmNlcnRzLnBheXBhbC5jb20wHhcNMjUwMTAxMDAwMDAw
        WhcNMzUwMTAxMDAwMDAwWjAuMSwwKgYDVQQDDCNtZXNzYWdldmVyaWZpY2F0aW9u
        Y2VydHMucGF5cGFsLmNvbTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEB
        ALVOTTr0X6pvXW5glHyaFUZ9aUYixRrSzWuX0JjyZYHcmak2zAADy2M82FJ0xJvh
        S/OfBIbblUERwCZy+XxCZRSw++eY0ZYmCrs4GoJkNTb0upRNpRUNURfk6cvyUlTR
        muZWu5tIEZpdRtPXnp2t8KL+jNg2gnjzLl/y8nt3jj52y8BaF1RfsU5WE4OOcbxf
        63U1fZBH+nFCAZwvCDozcXWiNqEFtUG0+FZdIM/gIrf68A7knHilueK/yfehxZEU
        1QfKphuk4DFnmv2/q/TgldyX0/mwgaAtStploxEwHoeQdNZ/lqB01ZmYkIrt2p6l
        /ICzMyUMpnc5BZJnbEDTNQ0CAwEAAaMQMA4wDAYDVR0TAQH/BAIwADANBgkqhkiG
        9w0BAQsFAAOCAQEAtrV9DPNCxkBsnSgPSrWMDxKu3rHDp7SRnXvvFLlz6+5AOEBD
        s7MFTCzX9Lynjj/7KNXG6DdXkgWaZAIEocXDU5bcSIgNiE7avN9COaFRqEXAGwYQ
        3APyQanA+bWD3mVJaqnmA4izG7reSS5vX1lC7zB2gfozSEu+bOHZ02/lzRNdXvHp
        ra7G5jNnp/Zo+JHAkqXh8Hv0k4llVh/tgoLGP7TzabR4F7QFUopLdPg7jYwJ3y4i
        uy35KEdNmAZMgBnwYl+0i7Mf6KG+knLWtiSqFN+KvTipzHZESSRON3vrnk5TwnkL
        N1LFzYuOgvWi8X24cYHXEdJ8L8qrvk75X623lQ==
        -----END CERTIFICATE-----
        """

    package static let zeroCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIC2DCCAcCgAwIBAgICA/UwDQYJKoZIhvcNAQELBQAwJjEkMCIGA1UEAwwbc25z
        LmFtYXpvbmF3cy5jb20ALmV2aWwub3JnMB4XDTI1MDEwMTAwMDAwMFoXDTM1MDEw
        MTAwMDAwMFowJjEkMCIGA1UEAwwbc25zLmFtYXpvbmF3cy5jb20ALmV2aWwub3Jn
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtU5NOvRfqm9dbmCUfJoV
        Rn1pRiLFGtLNa5fQmPJlgdyZqTbMAAPLYzzYUnTEm+FL858EhtuVQRHAJnL5fEJl
        FLD755jRliYKuzgagmQ1NvS6lE2lFQ1RF+Tpy/JSVNGa5la7m0gRml1G09eena3w
        ov6M2DaCePMuX/Lye3eOPnbLwFoXVF+xTlYTg45xvF/rdTV9kEf6cUIBnC8IOjNx
        daI2oQW1QbT4Vl0gz+Ait/rwDuSceKW54r/J96HFkRTVB8qmG6TgMWea/b+r9OCV
        3JfT+bCBoC1K2mWjETAeh5B01n+WoHTVmZiQiu3anqX8gLMzJQymdzkFkmdsQNM1
        DQIDAQABoxAwDjAMBgNVHRMBAf8EAjAAMA0GCSqGSIb3DQEBCwUAA4IBAQCHRBpJ
        avHVPlul7/nPm+OL0cSfgSgQgqYlXK235RAiBQnYi0+lC3QATe2flSEPf/dYEXXw
        j3n8ryRpyWWoKFHJRX7Lf+SJ3ErvBaGd77zPxJ7vFD8//REG2760S58EMB4HR4cm
        655fw7guuZn2VrEQq7HCX0Lj/9SfnlEIn6ENe/1/i9DefIUMbkDi9xvQYM9H434r
        N1owl7AJ7ffP1HIw5ofPqn6D17BH3vSH9h0ab2irR7f1F0765smI7+bFJtXW/WKV
        qSuRZja0x985E1hmOFLYWRs2k8UaFQfSTxLl/zb6QuW6JE49ZY3bqC1gA1xe5zXv
        0NXSxs8vWg3q0xsm
        -----END CERTIFICATE-----
        """

    package static let p256Certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBbDCCARKgAwIBAgICA/YwCgYIKoZIzj0EAwIwNjE0MDIGA1UEAwwrZmVkZXJh
        dGVkLXNpZ25vbi5zeXN0ZW0uZ3NlcnZpY2VhY2NvdW50LmNvbTAeFw0yNTAxMDEw
        MDAwMDBaFw0zNTAxMDEwMDAwMDBaMDYxNDAyBgNVBAMMK2ZlZGVyYXRlZC1zaWdu
        b24uc3lzdGVtLmdzZXJ2aWNlYWNjb3VudC5jb20wWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAATWma1ClEpgjTfkrEj7PDVgLrEUWXwFuseqI9FnohebvA9bs+ri/bl6
        EcpyluVNZvj8HGt8uOERpVj+DHSRcvtqoxAwDjAMBgNVHRMBAf8EAjAAMAoGCCqG
        SM49BAMCA0gAMEUCIGGu++1wgzdPgEbdk4C2DA+b5DFUn09+5kijau0J5HgXAiEA
        kJ1YbDPElHKQ2KDEDG2GEanuf1bbQbKQJ1yBfA+4WNk=
        -----END CERTIFICATE-----
        """
}
